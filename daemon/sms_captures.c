/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Captures in the sms role: begun with a descriptor from control, shown, ended. */
#include <unistd.h>

#include "core/ipc_messages.h"
#include "daemon/capture.h"
#include "daemon/daemon_vty.h"
#include "daemon/role.h"
#include "sms/pcap_file.h"

#define END_WORD "capture "

static void say(void *owner, const char *line)
{
	role_show_text((uint32_t)(uintptr_t)owner, "%s\n", line);
}

static void end_one(uint32_t call, struct text name)
{
	unsigned n = pcap_end(name, "ended at the terminal");

	if (n)
		role_show_text(call, "%u ended\n", n);
	else
		role_show_text(call, "%% no such capture runs: `show captures` lists them\n");
}

bool sms_captures_show(uint32_t call, struct text words)
{
	if (text_is(words, "captures"))
		pcap_show(say, (void *)(uintptr_t)call);
	else if (text_starts(words, END_WORD))
		end_one(call, text_range(words.at + strlen(END_WORD), words.len - strlen(END_WORD)));
	else
		return false;
	role_show_end(call);
	return true;
}

bool sms_captures_record(struct ipc_record *record)
{
	struct pcap_order o = { .link = ipc_get_text(&record->body, PCAP_LINK_MAX) };
	const char *why = "";

	o.name = ipc_get_text(&record->body, PCAP_NAME_MAX);
	o.size = (int64_t)reader_u64(&record->body);
	o.time_us = (int64_t)reader_u64(&record->body);
	if (record->type != IPC_CAPTURE || !reader_done(&record->body) || record->fd < 0)
		return false;
	int fd = record->fd;
	record->fd = -1;
	if (pcap_open(role_loop(), &o, fd, &why) == OK)
		role_show_text(record->call, "It runs for at most %lld s and %lld octets: `no capture %.*s` ends it\n",
			       (long long)(o.time_us / 1000000), (long long)o.size, TEXT_ARGS(o.name));
	else
		role_show_text(record->call, "%% no capture: %s\n", why);
	role_show_end(record->call);
	return true;
}

void sms_captures_switch(const struct config *config)
{
	const struct process_settings *p = config_only(config, &process_kind);

	if (!p->capture_directory.len)
		(void)pcap_end(TEXT_LITERAL("all"), "captures were switched off");
}

bool sms_captures_end(void)
{
	(void)pcap_end(TEXT_LITERAL("all"), "the gateway is stopping");
	return pcap_idle();
}
