/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hosts(5): address, names; '#' begins a comment. Read once, looked through from the top: such files are short. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/net/dns_internal.h"

struct host {
	struct net_address address;
	const char *name; /* in lower case */
};

struct dns_hosts {
	struct arena *names;
	struct host *hosts;
	unsigned count, size;
};

/* The next word; false at the end of the line. */
static bool take_word(struct text *line, struct text *word)
{
	*line = text_trim(*line);
	if (!line->len)
		return false;
	size_t n = 0;
	while (n < line->len && line->at[n] != ' ' && line->at[n] != '\t')
		n++;
	*word = text_range(line->at, n);
	*line = text_range(line->at + n, line->len - n);
	return true;
}

static void add_host(struct dns_hosts *h, const struct net_address *address, struct text name)
{
	if (name.len > DNS_NAME_MAX)
		return;
	char *copy = arena_alloc(h->names, name.len + 1);
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];
		copy[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	if (h->count == h->size) {
		h->size = h->size ? h->size * 2 : 16;
		h->hosts = must_realloc(h->hosts, h->size * sizeof(*h->hosts));
	}
	h->hosts[h->count++] = (struct host){ *address, copy };
}

static void parse_line(struct dns_hosts *h, struct text line)
{
	struct net_address address;
	struct text words, word;

	if (!text_split(&line, '#', &words) || !take_word(&words, &word))
		return;
	if (net_address_of_host(word, 0, &address)) /* link-local with a zone, and the like */
		return;
	while (take_word(&words, &word))
		add_host(h, &address, word);
}

struct dns_hosts *dns_hosts_parse(struct text file)
{
	struct dns_hosts *h = must_alloc(sizeof(*h));
	struct text line;

	h->names = arena_new(4096);
	while (text_split(&file, '\n', &line))
		parse_line(h, line);
	return h;
}

struct dns_hosts *dns_hosts_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *file = must_alloc(DNS_HOSTS_SIZE_MAX);
	size_t len = 0;
	ssize_t n = 0;

	while (fd >= 0 && len < DNS_HOSTS_SIZE_MAX && (n = read(fd, file + len, DNS_HOSTS_SIZE_MAX - len)) > 0)
		len += (size_t)n;
	if (fd < 0 || n < 0)
		LOGN(LOG_NET, NULL, "%s cannot be read: %s", path, strerror(errno));
	else if (len == DNS_HOSTS_SIZE_MAX)
		LOGN(LOG_NET, NULL, "%s is longer than %u octets; the rest is not used", path, DNS_HOSTS_SIZE_MAX);
	if (fd >= 0)
		close(fd);
	struct dns_hosts *h = dns_hosts_parse(text_range(file, len));
	free(file);
	return h;
}

void dns_hosts_free(struct dns_hosts **hosts)
{
	struct dns_hosts *old = *hosts;

	*hosts = NULL;
	if (!old)
		return;
	arena_free(&old->names);
	free(old->hosts);
	free(old);
}

unsigned dns_hosts_find(const struct dns_hosts *hosts, const char *name, struct net_address *to)
{
	unsigned n = 0;

	for (unsigned i = 0; i < hosts->count && n < DNS_ADDRESSES_MAX; i++) {
		if (!strcmp(hosts->hosts[i].name, name))
			to[n++] = hosts->hosts[i].address;
	}
	return n;
}
