/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine: what the kernel offers to the sandbox and the links, the clock, the limits of a process. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "daemon/doctor.h"

#define CREATE_VERSION 1u /* landlock_create_ruleset(2) asked for the version of its interface */
#define FILES_GOOD 8192u
#define YEAR_2025 (INT64_C(1735689600) * USEC_PER_SEC)

static void landlock(struct doctor *d)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);

	if (version > 0)
		doctor_say(d, FINDING_OK, "landlock", NULL, "version %ld", version);
	else
		doctor_say(
			d, FINDING_WARN, "landlock",
			"a kernel from 5.13 on with landlock in its `lsm=` list; the gateway runs without, less fenced",
			"not in this kernel: %s", strerror(errno));
}

static void seccomp(struct doctor *d)
{
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0)
		doctor_say(d, FINDING_OK, "seccomp", NULL, "there");
	else
		doctor_say(d, FINDING_WARN, "seccomp",
			   "a kernel with CONFIG_SECCOMP_FILTER; the gateway runs without, less fenced",
			   "not in this kernel");
}

static void sctp(struct doctor *d)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);

	if (fd >= 0) {
		doctor_say(d, FINDING_OK, "SCTP", NULL, "there");
		close(fd);
	} else {
		doctor_say(d, FINDING_WARN, "SCTP",
			   "modprobe sctp; only links to an MME (SGsAP) or over Diameter need it",
			   "not in this kernel: %s", strerror(errno));
	}
}

static void clock_good(struct doctor *d)
{
	struct timex t = { 0 };
	int state = adjtimex(&t);
	char now[CLOCK_TEXT_SIZE];

	if (clock_now() < YEAR_2025)
		doctor_say(d, FINDING_FAIL, "clock", "set it: expiry, receipts and certificates hang on it",
			   "it says %s", clock_text(clock_now(), now));
	else if (state == TIME_ERROR || (t.status & STA_UNSYNC))
		doctor_say(d, FINDING_WARN, "clock", "apt install chrony; expiry and the times of receipts hang on it",
			   "nothing keeps it in step");
	else
		doctor_say(d, FINDING_OK, "clock", NULL, "in step with a time server");
}

/* The parent raises its own limit to the hard one. */
static void files(struct doctor *d)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	if (limit.rlim_max >= FILES_GOOD)
		doctor_say(d, FINDING_OK, "open files", NULL, "up to %llu for each process",
			   (unsigned long long)limit.rlim_max);
	else
		doctor_say(d, FINDING_WARN, "open files", "raise LimitNOFILE= of the service, or `ulimit -Hn`",
			   "at most %llu for each process: so many connections and no more",
			   (unsigned long long)limit.rlim_max);
}

void doctor_host(struct doctor *d)
{
	landlock(d);
	seccomp(d);
	sctp(d);
	clock_good(d);
	files(d);
}
