/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files that the configuration names: do they read, and do certificates among them end soon. OpenSSL's reading of
 * certificates stays behind this file. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "daemon/doctor.h"
#include "daemon/memory_file.h"

#define FILE_MAX (1u << 20)
#define DAY_S 86400
#define SOON_S (21 * DAY_S)

static bool seconds_left(const X509 *certificate, int64_t now_s, int64_t *out)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
		return false;
	*out = (int64_t)timegm(&tm) - now_s;
	return true;
}

bool doctor_certificate_ends(struct text pem, int64_t now_s, int64_t *left_s_out)
{
	BIO *in = pem.len < FILE_MAX ? BIO_new_mem_buf(pem.at, (int)pem.len) : NULL;
	X509 *certificate;
	bool found = false;
	int64_t left;

	while (in && (certificate = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		if (seconds_left(certificate, now_s, &left) && (!found || left < *left_s_out)) {
			*left_s_out = left;
			found = true;
		}
		X509_free(certificate);
	}
	BIO_free(in);
	return found;
}

static void judge(struct doctor *d, const char *path, struct text content)
{
	int64_t left;

	if (!doctor_certificate_ends(content, clock_now() / USEC_PER_SEC, &left))
		return;
	if (left <= 0)
		doctor_say(d, FINDING_FAIL, "certificate", "renew it, then reload: connections stay", "%s has ended",
			   path);
	else
		doctor_say(d, left < SOON_S ? FINDING_WARN : FINDING_OK, "certificate",
			   "renew it, then reload: connections stay", "%s ends in %lld days", path,
			   (long long)(left / DAY_S));
}

static void look(void *owner, struct config_file *file)
{
	struct doctor *d = owner;
	struct text content = { 0 };
	const char *why = "";
	int fd = open(file->path.at, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		why = strerror(errno);
	if (fd >= 0 && memory_file_read(fd, FILE_MAX, &content, &why) == OK) {
		judge(d, file->path.at, content);
		memory_file_forget(&content);
	} else {
		doctor_say(d, FINDING_FAIL, "file", "it is read with the rights of who starts the gateway", "%s: %s",
			   file->path.at, why);
	}
	if (fd >= 0)
		close(fd);
}

void doctor_certificates(struct doctor *d)
{
	config_files(d->config, look, d);
}
