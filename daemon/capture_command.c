/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The capture command in control: what it may be, the file from the parent, all of it to the sms role. */
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/ipc_messages.h"
#include "daemon/capture.h"
#include "daemon/control.h"
#include "daemon/role_internal.h"
#include "sms/pcap_file.h"

#define ASKED_MAX 4u /* of the parent at once */

/* Between the question to the parent and its answer. */
struct asked {
	uint32_t call; /* 0 = free */
	char link[PCAP_LINK_MAX + 1], name[PCAP_NAME_MAX + 1];
	int64_t size, time_us;
};

static struct asked asked[ASKED_MAX];

/* --- what was typed --- */

/* "smsc:one" is the node `one` of the kind `smsc`. */
static bool names_node(const char *kind_name, const char *prefix, struct text link)
{
	const struct node_kind *kind = config_kind(role_config(), text_of(kind_name));
	size_t n = strlen(prefix);

	return kind && link.len > n && text_starts(link, prefix) &&
	       config_find(role_config(), kind, text_range(link.at + n, link.len - n));
}

static bool has_node(const char *kind_name)
{
	const struct node_kind *kind = config_kind(role_config(), text_of(kind_name));

	return kind && config_only(role_config(), kind);
}

static bool is_link(struct text link)
{
	if (text_is(link, "all") || text_is(link, "smpp-server"))
		return true;
	if (text_is(link, "gsup") || text_is(link, "sgs"))
		return has_node(text_is(link, "gsup") ? "gsup" : "sgs");
	return names_node("smsc", "smsc:", link) || names_node("modem", "modem:", link) ||
	       names_node("account", "esme:", link);
}

/* "max-size 10m", "for 5m", either or both, in any order. */
static const char *take_limits(const struct vty_line *line, struct asked *a)
{
	for (unsigned i = 3; i + 1 < line->count; i += 2) {
		struct text value = line->words[i + 1];

		if (text_is(line->words[i], "max-size")) {
			if (!config_size(value, &a->size) || a->size < (int64_t)PCAP_SIZE_LEAST ||
			    a->size > PCAP_SIZE_MOST)
				return "max-size is 64k to 4g";
		} else if (text_is(line->words[i], "for")) {
			if (!config_duration(value, &a->time_us) || a->time_us < 1 || a->time_us > PCAP_TIME_MOST)
				return "a time such as 30s, 5m or 2h, at most 24h, is expected behind `for`";
		} else {
			return "expected `max-size SIZE` or `for DURATION` behind the file's name";
		}
	}
	return NULL;
}

static const char *refusal(const struct vty_line *line, struct asked *a)
{
	const struct process_settings *p = config_only(role_config(), &process_kind);

	if (!p->capture_directory.len)
		return "captures are off: set `capture-directory` of `process`";
	if (!is_link(line->words[1]) || !text_copy(line->words[1], a->link, sizeof(a->link)))
		return "no such link: `show sms links` lists them, and there is `all`";
	if (!pcap_name_good(line->words[2]) || !text_copy(line->words[2], a->name, sizeof(a->name)))
		return "a file's name has up to 64 letters, digits, '.', '-' and '_', no dot at its start, no folder";
	if (!role_peer(ROLE_SMS))
		return "role sms is not running";
	return take_limits(line, a);
}

/* --- the way --- */

static struct asked *free_asked(void)
{
	for (unsigned i = 0; i < ASKED_MAX; i++) {
		if (!asked[i].call)
			return &asked[i];
	}
	return NULL;
}

static bool ask_parent(struct asked *a)
{
	const struct process_settings *p = config_only(role_config(), &process_kind);
	struct writer *w = control_ask_begin(IPC_CAPTURE_FILE, &a->call);

	ipc_put_text(w, p->capture_directory);
	ipc_put_text(w, text_of(a->name));
	return control_ask_end(-1);
}

static void say_what(struct session *s, const struct asked *a)
{
	session_say(s, "Message content, numbers and GSUP's keys of %s go into %s; passwords of binds do not.\n",
		    a->link, a->name);
	LOGN(LOG_DAEMON, stream_peer(s->stream),
	     "switched on a capture of %s into %s, at most %lld octets and %lld s: message content is written", a->link,
	     a->name, (long long)a->size, (long long)(a->time_us / USEC_PER_SEC));
}

void capture_command(struct session *s, const struct vty_line *line)
{
	struct asked *a = free_asked();

	if (!a) {
		session_say(s, "%% too many captures are being started\n");
		return;
	}
	*a = (struct asked){ .size = PCAP_SIZE_DEFAULT, .time_us = PCAP_TIME_DEFAULT };
	const char *why = refusal(line, a);
	if (why) {
		session_say(s, "%% %s\n", why);
		return;
	}
	if (!ask_parent(a)) {
		a->call = 0;
		session_say(s, "%% the parent cannot be asked\n");
		return;
	}
	say_what(s, a);
	session_wait(s, ROLE_PARENT, a->call);
}

/* False when the role is not there. The descriptor is taken over. */
static bool hand_over(const struct asked *a, int fd, uint32_t *call_out)
{
	struct ipc *sms = role_peer(ROLE_SMS);

	if (!sms) {
		close(fd);
		return false;
	}
	*call_out = show_new_call();
	struct writer *w = ipc_begin(sms, IPC_CAPTURE, *call_out, 1024);
	ipc_put_text(w, text_of(a->link));
	ipc_put_text(w, text_of(a->name));
	writer_u64(w, (uint64_t)a->size);
	writer_u64(w, (uint64_t)a->time_us);
	return ipc_end_fd(sms, fd) == OK;
}

bool capture_parent_done(uint32_t call, struct text why, int *fd)
{
	struct asked *a = asked;
	uint32_t next = 0;

	while (a < asked + ASKED_MAX && a->call != call)
		a++;
	if (!call || a == asked + ASKED_MAX)
		return false;
	a->call = 0;
	struct session *s = vty_waiting_for(ROLE_PARENT, call);
	bool made = *fd >= 0 && !why.len;
	bool sent = made && hand_over(a, *fd, &next);
	if (made)
		*fd = -1;
	if (!s) /* it went away: the capture runs nevertheless */
		return true;
	if (sent) {
		session_wait(s, ROLE_SMS, next);
		return true;
	}
	session_say(s, "%% no capture: %.*s\n", made ? 24 : (int)why.len, made ? "role sms is not running" : why.at);
	session_go_on(s);
	return true;
}
