/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Self-signed certificates made while a test runs. */
#ifndef TESTS_CORE_NET_TEST_CERTIFICATE_H
#define TESTS_CORE_NET_TEST_CERTIFICATE_H

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/text.h"

struct certificate {
	char chain[4096], key[1024];
};

static inline void certificate_check(int good)
{
	if (!good) {
		fprintf(stderr, "a test certificate cannot be made\n");
		abort();
	}
}

static inline void certificate_pem(BIO *bio, char *to, size_t size)
{
	int n = BIO_read(bio, to, (int)size - 1);

	certificate_check(n > 0);
	to[n] = 0;
	BIO_free(bio);
}

/* `names`: a subjectAltName in OpenSSL's words, such as "DNS:a.example,IP:127.0.0.1". Valid from an hour ago on. */
static inline void certificate_make(struct certificate *c, const char *names)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *chain = BIO_new(BIO_s_mem()), *secret = BIO_new(BIO_s_mem());
	X509_NAME *name = X509_get_subject_name(x);
	X509_EXTENSION *alt = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);

	certificate_check(key && x && chain && secret && alt);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	X509_add_ext(x, alt, -1);
	certificate_check(X509_sign(x, key, EVP_sha256()));
	certificate_check(PEM_write_bio_X509(chain, x));
	certificate_check(PEM_write_bio_PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL));
	certificate_pem(chain, c->chain, sizeof(c->chain));
	certificate_pem(secret, c->key, sizeof(c->key));
	X509_EXTENSION_free(alt);
	X509_free(x);
	EVP_PKEY_free(key);
}

#endif
