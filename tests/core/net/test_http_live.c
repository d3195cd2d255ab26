/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server as curl sees it: HTTP/1.1, HTTP/2 by prior knowledge, and both under TLS by ALPN. curl runs as a child
 * while the loop turns here. Skipped where curl is not installed or has no HTTP/2.
 */
#include "http_fixture.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "test_certificate.h"

#define ARGUMENTS_MAX 24

struct live {
	struct fixture f;
	char directory[64], pem[100], out[100], url[200];
	int status;
	char body[4096];
	size_t body_len;
};

static void run_child(char **arguments, const char *out)
{
	int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, 0);
	dup2(fd, 1);
	dup2(null, 2);
	execvp("curl", arguments);
	_exit(127);
}

static void read_body(struct live *l)
{
	int fd = open(l->out, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	ssize_t n = read(fd, l->body, sizeof(l->body) - 1);
	l->body_len = n > 0 ? (size_t)n : 0;
	l->body[l->body_len] = 0;
	close(fd);
}

static void wait_for_child(struct live *l, pid_t pid)
{
	for (unsigned i = 0; i < 20000; i++) {
		if (waitpid(pid, &l->status, WNOHANG) == pid) {
			l->status = WIFEXITED(l->status) ? WEXITSTATUS(l->status) : -1;
			read_body(l);
			return;
		}
		loop_turn(l->f.loop, 1000);
	}
	fail_msg("curl does not end");
}

static pid_t start_curl(struct live *l, const char *const *words, const char *path)
{
	char *arguments[ARGUMENTS_MAX] = { (char[]){ "curl" }, (char[]){ "-s" }, (char[]){ "-S" },
					   (char[]){ "--max-time" }, (char[]){ "15" } };
	unsigned n = 5;

	snprintf(l->url, sizeof(l->url), "%s://localhost:%u%s", l->f.tls ? "https" : "http", fixture_port(&l->f), path);
	for (; *words; words++)
		arguments[n++] = must_strdup(*words);
	arguments[n++] = must_strdup("--resolve");
	char resolve[64];
	snprintf(resolve, sizeof(resolve), "localhost:%u:127.0.0.1", fixture_port(&l->f));
	arguments[n++] = must_strdup(resolve);
	arguments[n++] = must_strdup("--cacert");
	arguments[n++] = l->pem;
	arguments[n] = l->url;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		run_child(arguments, l->out);
	for (unsigned i = 5; i < n; i++) {
		if (arguments[i] != l->pem)
			free(arguments[i]);
	}
	return pid;
}

static void curl(struct live *l, const char *const *words, const char *path)
{
	wait_for_child(l, start_curl(l, words, path));
}

static struct certificate certificate;

static void live_open(struct live *l, bool tls)
{
	const char *why = "";

	*l = (struct live){ .directory = "/tmp/test_http_live.XXXXXX" };
	assert_non_null(mkdtemp(l->directory));
	snprintf(l->pem, sizeof(l->pem), "%s/ca.pem", l->directory);
	snprintf(l->out, sizeof(l->out), "%s/out", l->directory);
	int fd = open(l->pem, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, certificate.chain, strlen(certificate.chain)), (ssize_t)strlen(certificate.chain));
	close(fd);
	fixture_open(&l->f);
	if (tls)
		assert_int_equal(tls_server_new(text_of(certificate.chain), text_of(certificate.key), "h2 http/1.1",
						&l->f.tls, &why),
				 OK);
	fixture_listen(&l->f, l->f.tls);
}

static void live_close(struct live *l)
{
	fixture_close(&l->f);
	unlink(l->pem);
	unlink(l->out);
	assert_int_equal(rmdir(l->directory), 0);
}

static bool curl_speaks_http2(void)
{
	return !system("curl -V 2>/dev/null | grep -q HTTP2");
}

static const struct way {
	bool tls;
	const char *version, *shown;
} ways[] = {
	{ false, "--http1.1", "1.1" },
	{ false, "--http1.0", "1.1" }, /* the version of the answer */
	{ false, "--http2-prior-knowledge", "2" },
	{ true, "--http1.1", "1.1" },
	{ true, "--http2", "2" },
};

static void each_way(void **state)
{
	static char big[400000];
	char expected[100];

	(void)state;
	if (!curl_speaks_http2())
		skip();
	memset(big, 'u', sizeof(big));
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const char *v = ways[i].version;
		struct live l;
		live_open(&l, ways[i].tls);
		curl(&l,
		     (const char *[]){ v, "-w", " %{http_code} %{http_version} %{content_type}", "-d", "hello", NULL },
		     "/a%20b?c=d");
		snprintf(expected, sizeof(expected), "POST /a b?c=d hello 200 %s text/plain", ways[i].shown);
		assert_string_equal(l.body, expected);
		curl(&l, (const char *[]){ v, "-I", NULL }, "/big");
		assert_non_null(
			strstr(l.body, ways[i].shown[0] == '2' ? "content-length: 300000" : "Content-Length: 300000"));
		curl(&l, (const char *[]){ v, "-o", "/dev/null", "-w", "%{size_download}", NULL }, "/big");
		assert_string_equal(l.body, "300000");
		curl(&l, (const char *[]){ v, "-w", "%{http_code}", NULL }, "/204");
		assert_string_equal(l.body, "204");
		curl(&l, (const char *[]){ v, "--path-as-is", "-w", "%{http_code}", NULL }, "/a/../b");
		assert_non_null(strstr(l.body, "\"the path has a dot segment\"}}400"));
		curl(&l, (const char *[]){ v, "-H", "X: 1", "-H", "Host: other.example", "-w", "%{http_code}", NULL },
		     "/");
		assert_non_null(strstr(l.body, "200"));
		fixture_turns(&l.f, 5);
		assert_int_equal(http_server_connections(l.f.server), 0);
		live_close(&l);
	}
}

/* A file of 400,000 octets, with Expect: 100-continue where curl asks for it, and one beyond the limit. */
static void uploads(void **state)
{
	(void)state;
	if (!curl_speaks_http2())
		skip();
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct live l;
		char path[120];
		live_open(&l, ways[i].tls);
		snprintf(path, sizeof(path), "%s/up", l.directory);
		int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		for (unsigned size = 400000; size <= 3000000; size += 2600000) {
			assert_int_equal(ftruncate(fd, size), 0);
			curl(&l, (const char *[]){ ways[i].version, "-T", path, "-w", " %{http_code}", NULL }, "/up");
			if (size == 400000) {
				assert_int_equal(l.f.body_len, size);
				assert_non_null(strstr(l.body, " 200"));
			} else {
				if (!strstr(l.body, "413"))
					fail_msg("%s: %d %s", ways[i].version, l.status, l.body);
			}
		}
		if (strcmp(ways[i].version, "--http1.0")) {
			assert_int_equal(ftruncate(fd, 500000), 0);
			curl(&l,
			     (const char *[]){ ways[i].version, "-T", "-", "-H", "Transfer-Encoding: chunked", NULL },
			     "/up");
			assert_int_equal(l.f.body_len, 0); /* chunks, of an empty input */
		}
		close(fd);
		unlink(path);
		live_close(&l);
	}
}

static void events_are_streamed(void **state)
{
	(void)state;
	if (!curl_speaks_http2())
		skip();
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct live l;
		live_open(&l, ways[i].tls);
		pid_t pid = start_curl(&l, (const char *[]){ ways[i].version, "-N", NULL }, "/stream");
		for (unsigned n = 0; n < 5000 && !l.f.kept_count; n++)
			loop_turn(l.f.loop, 1000);
		assert_int_equal(l.f.kept_count, 1);
		for (unsigned n = 0; n < 3; n++) {
			assert_true(http_stream_write(http_exchange_find(l.f.server, l.f.kept[0]),
						      TEXT_LITERAL("data: 2\n\n")));
			fixture_turns(&l.f, 5);
		}
		http_stream_end(http_exchange_find(l.f.server, l.f.kept[0]));
		wait_for_child(&l, pid);
		assert_int_equal(l.status, 0);
		assert_string_equal(l.body, "data: 1\n\ndata: 2\n\ndata: 2\n\ndata: 2\n\n");
		pid = start_curl(&l, (const char *[]){ ways[i].version, "-N", "--max-time", "0.3", NULL }, "/stream");
		wait_for_child(&l, pid);
		assert_int_equal(l.status, 28);
		for (unsigned n = 0; n < 1000 && !l.f.closed; n++)
			loop_turn(l.f.loop, 1000);
		assert_int_equal(l.f.closed, 1);
		live_close(&l);
	}
}

static void stopping_while_curl_waits(void **state)
{
	(void)state;
	if (!curl_speaks_http2())
		skip();
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct live l;
		live_open(&l, ways[i].tls);
		pid_t pid = start_curl(&l, (const char *[]){ ways[i].version, NULL }, "/later");
		for (unsigned n = 0; n < 5000 && !l.f.kept_count; n++)
			loop_turn(l.f.loop, 1000);
		http_server_stop(l.f.server, fixture_stopped, &l.f);
		fixture_turns(&l.f, 5);
		assert_int_equal(l.f.stopped, 0);
		http_respond_text(http_exchange_find(l.f.server, l.f.kept[0]), 200, "a/b", TEXT_LITERAL("in time"));
		wait_for_child(&l, pid);
		assert_string_equal(l.body, "in time");
		for (unsigned n = 0; n < 3000 && !l.f.stopped; n++)
			loop_turn(l.f.loop, 1000);
		assert_int_equal(l.f.stopped, 1);
		live_close(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way),
		cmocka_unit_test(uploads),
		cmocka_unit_test(events_are_streamed),
		cmocka_unit_test(stopping_while_curl_waits),
	};

	certificate_make(&certificate, "DNS:localhost");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
