/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tls.c (contexts) and tls_session.c (connections) share; the only files that see OpenSSL's TLS. */
#ifndef CORE_NET_TLS_INTERNAL_H
#define CORE_NET_TLS_INTERNAL_H

#include <openssl/ssl.h>

#include "core/net/tls.h"

#define TLS_ALPN_MAX 64u

struct tls_alpn {
	unsigned char wire[TLS_ALPN_MAX]; /* RFC 7301 3.1: each name behind its length */
	unsigned len;
};

struct tls_server {
	SSL_CTX *context;
	struct tls_alpn alpn;
	unsigned users; /* the owner and each session */
};

struct tls_client {
	SSL_CTX *context;
	bool verify;
	unsigned users;
};

/* The reason of the last failure in OpenSSL's queue, which is emptied. */
const char *tls_reason(const char *otherwise);

#endif
