/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contexts. Nothing is read from files later on, so that all works behind the sandbox. */
#include "core/net/tls_internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"

#define SYSTEM_AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"

const char *tls_reason(const char *otherwise)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return text ? text : otherwise;
}

static enum result bad(const char **why_out, const char *why)
{
	ERR_clear_error();
	*why_out = why;
	return ERR_MALFORMED;
}

/* An encrypted key is an error, never a question on the terminal. */
static int no_passphrase(char *to, int size, int writing, void *owner)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)owner;
	return -1;
}

static BIO *bio_of(struct text t)
{
	if (!t.len || t.len > INT32_MAX)
		return NULL;
	return BIO_new_mem_buf(t.at, (int)t.len);
}

static enum result use_chain(SSL_CTX *context, struct text pem, const char **why_out)
{
	BIO *bio = bio_of(pem);
	X509 *one = bio ? PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL) : NULL;
	bool good = one && SSL_CTX_use_certificate(context, one) == 1;

	X509_free(one);
	while (good && (one = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL))) {
		good = SSL_CTX_add0_chain_cert(context, one) == 1;
		if (!good)
			X509_free(one);
	}
	BIO_free(bio);
	if (!good)
		return bad(why_out, "the certificate is no PEM certificate that TLS can use");
	ERR_clear_error(); /* the end of the chain is found by failing to read one more */
	return OK;
}

static enum result use_key(SSL_CTX *context, struct text pem, const char **why_out)
{
	BIO *bio = bio_of(pem);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	bool good = key && SSL_CTX_use_PrivateKey(context, key) == 1;
	bool fits = good && SSL_CTX_check_private_key(context) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	if (!key)
		return bad(why_out, "the key is no PEM key without a passphrase");
	if (!fits)
		return bad(why_out, "the key does not belong to the certificate");
	return OK;
}

static SSL_CTX *context_new(const SSL_METHOD *method)
{
	SSL_CTX *context = SSL_CTX_new(method);

	if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
		log_fatal(LOG_NET, "OpenSSL: %s", tls_reason("no context"));
	SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_read_ahead(context, 1); /* header and body of a record in one read */
	return context;
}

/* "h2 http/1.1" to the wire. */
static enum result alpn_parse(const char *names, struct tls_alpn *out, const char **why_out)
{
	struct text rest = text_of(names), name;

	out->len = 0;
	while (text_split(&rest, ' ', &name)) {
		if (!name.len)
			continue;
		if (name.len + 1 > TLS_ALPN_MAX - out->len)
			return bad(why_out, "the list of application protocols is too long");
		out->wire[out->len] = (unsigned char)name.len;
		memcpy(out->wire + out->len + 1, name.at, name.len);
		out->len += (unsigned)name.len + 1;
	}
	return OK;
}

/* Our order decides; a client that offers none of ours goes on without: old clients of HTTP/1.1 send odd lists. */
static int alpn_choose(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *offered,
		       unsigned offered_len, void *owner)
{
	const struct tls_alpn *alpn = owner;
	unsigned char *chosen;

	(void)ssl;
	if (SSL_select_next_proto(&chosen, out_len, alpn->wire, alpn->len, offered, offered_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static enum result server_context(struct tls_server *server, struct text chain, struct text key, SSL_CTX **out,
				  const char **why_out)
{
	SSL_CTX *context = context_new(TLS_server_method());
	enum result r = use_chain(context, chain, why_out);

	if (r == OK)
		r = use_key(context, key, why_out);
	if (r) {
		SSL_CTX_free(context);
		return r;
	}
	if (server->alpn.len)
		SSL_CTX_set_alpn_select_cb(context, alpn_choose, &server->alpn);
	*out = context;
	return OK;
}

enum result tls_server_new(struct text certificate_chain, struct text key, const char *alpn, struct tls_server **out,
			   const char **why_out)
{
	struct tls_server *server = must_alloc(sizeof(*server));

	server->users = 1;
	enum result r = alpn_parse(alpn, &server->alpn, why_out);
	if (r == OK)
		r = server_context(server, certificate_chain, key, &server->context, why_out);
	if (r)
		tls_server_free(&server);
	else
		*out = server;
	return r;
}

void tls_server_free(struct tls_server **server)
{
	struct tls_server *old = *server;

	*server = NULL;
	if (!old || --old->users)
		return;
	SSL_CTX_free(old->context);
	free(old);
}

enum result tls_server_reload(struct tls_server *server, struct text certificate_chain, struct text key,
			      const char **why_out)
{
	SSL_CTX *fresh;
	enum result r = server_context(server, certificate_chain, key, &fresh, why_out);

	if (r)
		return r;
	SSL_CTX_free(server->context); /* open connections count it */
	server->context = fresh;
	return OK;
}

static enum result use_authorities(SSL_CTX *context, struct text pem, const char **why_out)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	BIO *bio = bio_of(pem);
	X509 *one;
	unsigned n = 0;

	while (bio && (one = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL))) {
		n += X509_STORE_add_cert(store, one) == 1;
		X509_free(one);
	}
	BIO_free(bio);
	ERR_clear_error();
	return n ? OK : bad(why_out, "the authorities hold no PEM certificate");
}

/* The bundle is read at once; the directory of single files, read on demand, is the way out where there is none. */
static void use_system(SSL_CTX *context)
{
	if (SSL_CTX_load_verify_file(context, SYSTEM_AUTHORITIES) != 1 &&
	    SSL_CTX_set_default_verify_paths(context) != 1)
		LOGE(LOG_NET, NULL, "the system's certificate authorities cannot be read");
	ERR_clear_error();
}

static enum result client_context(struct tls_client *client, struct text authorities, const char *alpn,
				  const char **why_out)
{
	struct tls_alpn offered;
	enum result r = alpn_parse(alpn, &offered, why_out);

	if (r)
		return r;
	client->context = context_new(TLS_client_method());
	if (offered.len && SSL_CTX_set_alpn_protos(client->context, offered.wire, offered.len))
		return bad(why_out, "the list of application protocols is refused");
	if (!client->verify) {
		LOGN(LOG_NET, NULL, "certificates of TLS servers are not verified");
		return OK;
	}
	SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
	if (authorities.len)
		return use_authorities(client->context, authorities, why_out);
	use_system(client->context);
	return OK;
}

enum result tls_client_new(struct text authorities, bool verify, const char *alpn, struct tls_client **out,
			   const char **why_out)
{
	struct tls_client *client = must_alloc(sizeof(*client));

	client->users = 1;
	client->verify = verify;
	enum result r = client_context(client, authorities, alpn, why_out);
	if (r)
		tls_client_free(&client);
	else
		*out = client;
	return r;
}

void tls_client_free(struct tls_client **client)
{
	struct tls_client *old = *client;

	*client = NULL;
	if (!old || --old->users)
		return;
	SSL_CTX_free(old->context);
	free(old);
}
