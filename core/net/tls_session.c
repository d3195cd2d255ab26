/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenSSL over a BIO of our own, because its socket BIO writes with write(2), which raises SIGPIPE. */
#include "core/net/tls_session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/net/tls_internal.h"

struct tls_session {
	SSL *ssl;
	int fd;
	struct tls_server *server; /* one of the two */
	struct tls_client *client;
	char alpn[TLS_ALPN_MAX];
};

/* --- the BIO ---------------------------------------------------------------------------------------------------- */

static int bio_outcome(BIO *bio, ssize_t n, int retry)
{
	BIO_clear_retry_flags(bio);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
	return (int)n;
}

static int bio_write(BIO *bio, const char *bytes, int n)
{
	const struct tls_session *session = BIO_get_data(bio);

	return bio_outcome(bio, send(session->fd, bytes, (size_t)n, MSG_NOSIGNAL), BIO_FLAGS_WRITE);
}

static int bio_read(BIO *bio, char *to, int n)
{
	const struct tls_session *session = BIO_get_data(bio);
	ssize_t got = recv(session->fd, to, (size_t)n, 0);

	if (!got)
		BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
	return bio_outcome(bio, got, BIO_FLAGS_READ);
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_EOF)
		return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;

static void method_make(void)
{
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
	if (!method || !BIO_meth_set_write(method, bio_write) || !BIO_meth_set_read(method, bio_read) ||
	    !BIO_meth_set_ctrl(method, bio_control))
		log_fatal(LOG_NET, "OpenSSL: %s", tls_reason("no BIO method"));
}

/* --- life ------------------------------------------------------------------------------------------------------- */

static struct tls_session *session_new(SSL_CTX *context, int fd)
{
	struct tls_session *session = must_alloc(sizeof(*session));
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, method_make);
	BIO *bio = BIO_new(method);
	session->fd = fd;
	session->ssl = SSL_new(context);
	if (!bio || !session->ssl)
		log_fatal(LOG_NET, "OpenSSL: %s", tls_reason("no session"));
	BIO_set_data(bio, session);
	BIO_set_init(bio, 1);
	SSL_set_bio(session->ssl, bio, bio);
	return session;
}

struct tls_session *tls_session_accept(struct tls_server *server, int fd)
{
	struct tls_session *session = session_new(server->context, fd);

	session->server = server;
	server->users++;
	SSL_set_accept_state(session->ssl);
	return session;
}

static bool is_numeric(const char *name)
{
	struct in6_addr a;

	return inet_pton(AF_INET, name, &a) == 1 || inet_pton(AF_INET6, name, &a) == 1;
}

/* OpenSSL's macro casts const away, which Clang minds. */
static bool say_name(SSL *ssl, const char *name)
{
	char *copy = must_strdup(name);
	bool good = SSL_set_tlsext_host_name(ssl, copy) == 1;

	free(copy);
	return good;
}

struct tls_session *tls_session_connect(struct tls_client *client, int fd, const char *name)
{
	struct tls_session *session = session_new(client->context, fd);
	X509_VERIFY_PARAM *check = SSL_get0_param(session->ssl);
	int good;

	session->client = client;
	client->users++;
	X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (is_numeric(name)) {
		good = X509_VERIFY_PARAM_set1_ip_asc(check, name);
	} else {
		/* Without a name nothing would be checked; this one no certificate carries (RFC 6761 6.4). */
		good = X509_VERIFY_PARAM_set1_host(check, *name ? name : "name-missing.invalid", 0);
		if (*name && !say_name(session->ssl, name))
			good = 0;
	}
	if (good != 1)
		log_fatal(LOG_NET, "OpenSSL: %s", tls_reason("the server's name is refused"));
	SSL_set_connect_state(session->ssl);
	return session;
}

void tls_session_free(struct tls_session **session)
{
	struct tls_session *old = *session;

	*session = NULL;
	if (!old)
		return;
	SSL_free(old->ssl);
	tls_server_free(&old->server);
	tls_client_free(&old->client);
	free(old);
}

/* --- steps ------------------------------------------------------------------------------------------------------ */

static enum tls_step failed(const struct tls_session *session, const char **why_out)
{
	long verified = SSL_get_verify_result(session->ssl);
	int error = errno;

	if (session->client && session->client->verify && verified != X509_V_OK) {
		ERR_clear_error();
		*why_out = X509_verify_cert_error_string(verified);
	} else if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		ERR_clear_error();
		*why_out = "the peer ended without closing TLS";
	} else {
		*why_out = tls_reason(error ? strerror(error) : "the connection broke");
	}
	return TLS_FAILED;
}

static enum tls_step step_of(const struct tls_session *session, int returned, const char **why_out)
{
	if (returned > 0)
		return TLS_DONE;
	switch (SSL_get_error(session->ssl, returned)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		*why_out = "the peer ended";
		return TLS_ENDED;
	default:
		return failed(session, why_out);
	}
}

static void begin_step(void)
{
	ERR_clear_error();
	errno = 0;
}

enum tls_step tls_session_handshake(struct tls_session *session, const char **why_out)
{
	begin_step();
	return step_of(session, SSL_do_handshake(session->ssl), why_out);
}

enum tls_step tls_session_read(struct tls_session *session, void *to, size_t room, size_t *got_out,
			       const char **why_out)
{
	begin_step();
	return step_of(session, SSL_read_ex(session->ssl, to, room, got_out), why_out);
}

enum tls_step tls_session_write(struct tls_session *session, const void *bytes, size_t n, size_t *sent_out,
				const char **why_out)
{
	begin_step();
	return step_of(session, SSL_write_ex(session->ssl, bytes, n, sent_out), why_out);
}

void tls_session_shutdown(struct tls_session *session)
{
	begin_step();
	(void)SSL_shutdown(session->ssl);
	ERR_clear_error();
}

bool tls_session_pending(const struct tls_session *session)
{
	return SSL_has_pending(session->ssl) == 1;
}

const char *tls_session_alpn(struct tls_session *session)
{
	const unsigned char *at;
	unsigned n;

	if (session->alpn[0])
		return session->alpn;
	SSL_get0_alpn_selected(session->ssl, &at, &n);
	if (n && n < sizeof(session->alpn))
		memcpy(session->alpn, at, n);
	return session->alpn;
}
