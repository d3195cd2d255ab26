/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS of OpenSSL: TLS 1.2 and 1.3 only. The contexts are shared by many streams and counted by them, so that one may
 * be replaced while connections are open: a reload changes the certificate of connections made after it and drops none.
 */
#ifndef CORE_NET_TLS_H
#define CORE_NET_TLS_H

#include <stdbool.h>

#include "core/base/result.h"
#include "core/base/text.h"

struct tls_server;
struct tls_client;

/* PEM texts, not paths: the files were read before the sandbox or by another role. `alpn` is a space-separated list in
 * order of preference ("h2 http/1.1"), or "". */
MUST_CHECK enum result tls_server_new(struct text certificate_chain, struct text key, const char *alpn,
				      struct tls_server **out, const char **why_out);
void tls_server_free(struct tls_server **server); /* streams that use it keep it alive */
/* New connections use the new pair; on failure the old one stays. */
MUST_CHECK enum result tls_server_reload(struct tls_server *server, struct text certificate_chain, struct text key,
					 const char **why_out);

/* `authorities` PEM, or empty = the system's. verify false accepts any certificate (lab only; logged at NOTICE). */
MUST_CHECK enum result tls_client_new(struct text authorities, bool verify, const char *alpn, struct tls_client **out,
				      const char **why_out);
void tls_client_free(struct tls_client **client);

#endif
