/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order matters: paths are opened with the old ids; ids go before the fences, which would forbid dropping them. */
#include "core/base/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/sandbox_internal.h"

#define PASSWD_ENTRY_SIZE 4096

static enum result denied(const struct sandbox *s, const char *what)
{
	LOGE(LOG_BASE, s->role, "no sandbox: %s: %s", what, strerror(errno));
	return ERR_DENIED;
}

static enum result find_user(const struct sandbox *s, uid_t *uid_out, gid_t *gid_out)
{
	char room[PASSWD_ENTRY_SIZE];
	struct passwd entry, *found = NULL;
	int error = getpwnam_r(s->user, &entry, room, sizeof(room), &found);

	if (!found) {
		errno = error ? error : ENOENT;
		return denied(s, "the user to become");
	}
	*uid_out = entry.pw_uid;
	*gid_out = entry.pw_gid;
	return OK;
}

static enum result drop_ids(const struct sandbox *s)
{
	uid_t uid = 0;
	gid_t gid = 0;

	if (geteuid())
		return OK;
	if (!s->user || !*s->user) {
		LOGI(LOG_BASE, s->role, "this role keeps running as root: no user is configured");
		return OK;
	}
	enum result r = find_user(s, &uid, &gid);
	if (r)
		return r;
	/* The real, effective and saved ids of every thread. */
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return denied(s, "dropping ids");
	if (uid && !setuid(0)) {
		errno = EPERM;
		return denied(s, "root could be had back");
	}
	return OK;
}

enum result sandbox_enter(const struct sandbox *s)
{
	int ruleset = -1;

	tzset(); /* local times need the zone's file, which cannot be read later on */
	enum result r = sandbox_landlock_make(s, &ruleset);

	if (r == OK)
		r = drop_ids(s);
	if (r == OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		r = denied(s, "no_new_privs");
	if (r == OK && ruleset >= 0)
		r = sandbox_landlock_enter(s, ruleset);
	if (ruleset >= 0)
		close(ruleset);
	if (r == OK)
		r = sandbox_seccomp_enter(s);
	return r;
}
