/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exposition text from counter pages, good and hostile. */
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/metrics.h"

static char room[METRICS_OCTETS_MAX + 1];
static struct counter_page *page;

static const char *text_of_pages(enum role_id a, enum role_id b)
{
	const struct counter_page *pages[ROLE_COUNT] = { NULL };
	struct writer w = writer_of(room, METRICS_OCTETS_MAX);

	pages[a] = page;
	pages[b] = page;
	metrics_write(pages, &w);
	assert_true(writer_ok(&w));
	room[writer_len(&w)] = 0;
	return room;
}

static void a_metric_stands_once_with_all_its_samples(void **state)
{
	(void)state;
	counter_add(counter_get(COUNTER_COUNT, "t_pdu_total", "link=\"a\"", "PDUs that came"), 3);
	counter_set(counter_get(COUNTER_GAUGE, "t_links_up", "", "links that are up"), -2);
	counter_add(counter_get(COUNTER_COUNT, "t_pdu_total", "link=\"b\",kind=\"x\"", "PDUs that came"), 4);
	const char *text = text_of_pages(ROLE_SMS, ROLE_API);
	assert_non_null(strstr(text, "# HELP cellpost_t_links_up links that are up\n"
				     "# TYPE cellpost_t_links_up gauge\n"
				     "cellpost_t_links_up{role=\"sms\"} -2\n"
				     "cellpost_t_links_up{role=\"api\"} -2\n"
				     "# HELP cellpost_t_pdu_total PDUs that came\n"
				     "# TYPE cellpost_t_pdu_total counter\n"
				     "cellpost_t_pdu_total{role=\"sms\",link=\"a\"} 3\n"
				     "cellpost_t_pdu_total{role=\"sms\",link=\"b\",kind=\"x\"} 4\n"
				     "cellpost_t_pdu_total{role=\"api\",link=\"a\"} 3\n"
				     "cellpost_t_pdu_total{role=\"api\",link=\"b\",kind=\"x\"} 4\n"));
}

/* What another process wrote cannot break the lines of the text. */
static void what_is_malformed_is_left_out(void **state)
{
	static const char *const names[] = { "t bad", "1bad", "t\nbad", "t{bad" };
	static const char *const labels[] = {
		"bad", "bad=x", "bad=\"x", "bad=\"x\ny\"", "bad=\"a\\\"b\"", "bad=\"x\"}"
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		counter_add(counter_get(COUNTER_COUNT, names[i], "", "bad"), 1);
	for (unsigned i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		counter_add(counter_get(COUNTER_COUNT, "t_label_total", labels[i], "help"), 1);
	counter_add(counter_get(COUNTER_COUNT, "t_help_total", "", "two\nlines \\n"), 1);
	const char *text = text_of_pages(ROLE_QUEUE, ROLE_QUEUE);
	assert_null(strstr(text, "bad"));
	assert_non_null(strstr(text, "# HELP cellpost_t_help_total two lines  n\n"));
}

static void count_line(void *owner, const char *text)
{
	unsigned *n = owner;

	assert_non_null(strstr(text, "t_links_up"));
	++*n;
}

static void people_see_what_they_look_for(void **state)
{
	const struct counter_page *pages[ROLE_COUNT] = { [ROLE_SMS] = page };
	unsigned n = 0;

	(void)state;
	metrics_show(pages, TEXT_LITERAL("links_up"), count_line, &n);
	assert_int_equal(n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_metric_stands_once_with_all_its_samples),
		cmocka_unit_test(what_is_malformed_is_left_out),
		cmocka_unit_test(people_see_what_they_look_for),
	};
	int fd;

	if (counter_page_new(&fd) || counter_page_use(fd) || counter_page_map(fd, &page))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	counter_page_unmap(&page);
	close(fd);
	return failed;
}
