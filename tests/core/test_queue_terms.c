/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a message says about money narrows what the account allows, and never widens it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/queue_terms.h"

#define SAYS_NOTHING CONSENT_COUNT

/* Account's consent, the message's, at home, roaming. */
static const struct row {
	enum consent account, message, home, abroad;
} rows[] = {
	{ CONSENT_NEVER, SAYS_NOTHING, CONSENT_NEVER, CONSENT_NEVER },
	{ CONSENT_NEVER, CONSENT_NEVER, CONSENT_NEVER, CONSENT_NEVER },
	{ CONSENT_NEVER, CONSENT_ASK, CONSENT_NEVER, CONSENT_NEVER },
	{ CONSENT_NEVER, CONSENT_NOT_WHEN_ROAMING, CONSENT_NEVER, CONSENT_NEVER },
	{ CONSENT_NEVER, CONSENT_ALWAYS, CONSENT_NEVER, CONSENT_NEVER },
	{ CONSENT_ASK, SAYS_NOTHING, CONSENT_ASK, CONSENT_ASK },
	{ CONSENT_ASK, CONSENT_NEVER, CONSENT_NEVER, CONSENT_NEVER },
	{ CONSENT_ASK, CONSENT_ASK, CONSENT_ASK, CONSENT_ASK },
	{ CONSENT_ASK, CONSENT_NOT_WHEN_ROAMING, CONSENT_NOT_WHEN_ROAMING, CONSENT_NOT_WHEN_ROAMING },
	{ CONSENT_ASK, CONSENT_ALWAYS, CONSENT_ALWAYS, CONSENT_ALWAYS },
	{ CONSENT_NOT_WHEN_ROAMING, SAYS_NOTHING, CONSENT_NOT_WHEN_ROAMING, CONSENT_NOT_WHEN_ROAMING },
	{ CONSENT_NOT_WHEN_ROAMING, CONSENT_NEVER, CONSENT_NEVER, CONSENT_NEVER },
	{ CONSENT_NOT_WHEN_ROAMING, CONSENT_ASK, CONSENT_ASK, CONSENT_NOT_WHEN_ROAMING },
	{ CONSENT_NOT_WHEN_ROAMING, CONSENT_NOT_WHEN_ROAMING, CONSENT_NOT_WHEN_ROAMING, CONSENT_NOT_WHEN_ROAMING },
	{ CONSENT_NOT_WHEN_ROAMING, CONSENT_ALWAYS, CONSENT_NOT_WHEN_ROAMING, CONSENT_NOT_WHEN_ROAMING },
	{ CONSENT_ALWAYS, SAYS_NOTHING, CONSENT_ALWAYS, CONSENT_ALWAYS },
	{ CONSENT_ALWAYS, CONSENT_NEVER, CONSENT_NEVER, CONSENT_NEVER },
	{ CONSENT_ALWAYS, CONSENT_ASK, CONSENT_ASK, CONSENT_ASK },
	{ CONSENT_ALWAYS, CONSENT_NOT_WHEN_ROAMING, CONSENT_NOT_WHEN_ROAMING, CONSENT_NOT_WHEN_ROAMING },
	{ CONSENT_ALWAYS, CONSENT_ALWAYS, CONSENT_ALWAYS, CONSENT_ALWAYS },
};

static struct message saying(enum consent consent)
{
	return (struct message){ .has_consent = consent != SAYS_NOTHING,
				 .consent = consent != SAYS_NOTHING ? (uint8_t)consent : 0 };
}

static void the_stricter_consent(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message m = saying(rows[i].message);
		assert_int_equal(queue_terms_consent(rows[i].account, &m, false), rows[i].home);
		assert_int_equal(queue_terms_consent(rows[i].account, &m, true), rows[i].abroad);
	}
}

static void a_quote_answers_the_question(void **state)
{
	struct message m = saying(SAYS_NOTHING);

	(void)state;
	m.quote = TEXT_LITERAL("token");
	assert_int_equal(queue_terms_consent(CONSENT_ASK, &m, false), CONSENT_ALWAYS);
	assert_int_equal(queue_terms_consent(CONSENT_NEVER, &m, false), CONSENT_NEVER);
	assert_int_equal(queue_terms_consent(CONSENT_NOT_WHEN_ROAMING, &m, true), CONSENT_NOT_WHEN_ROAMING);
	m = saying(CONSENT_ASK);
	m.quote = TEXT_LITERAL("token");
	assert_int_equal(queue_terms_consent(CONSENT_ASK, &m, false), CONSENT_ASK);
}

static void the_lower_ceiling(void **state)
{
	struct message m = { .max_price = 1 };

	(void)state;
	assert_int_equal(queue_terms_ceiling(10, &m), 10);
	m.has_max_price = true;
	assert_int_equal(queue_terms_ceiling(10, &m), 1);
	m.max_price = 11;
	assert_int_equal(queue_terms_ceiling(10, &m), 10);
	m.max_price = 0;
	assert_int_equal(queue_terms_ceiling(10, &m), 0);
}

static void the_class_of_a_choice(void **state)
{
	struct message m = { .channel = TEXT_LITERAL("http") };

	(void)state;
	assert_int_equal(queue_terms_class(&m), CLASS_PACKET_THEN_PAID);
	m.choice = CHOICE_PAID;
	assert_int_equal(queue_terms_class(&m), CLASS_PAID);
	m.choice = CHOICE_PACKET;
	assert_int_equal(queue_terms_class(&m), CLASS_PACKET);
	m.channel = TEXT_LITERAL("smpp");
	assert_int_equal(queue_terms_class(&m), CLASS_PACKET);
	m.choice = CHOICE_CHANNEL;
	assert_int_equal(queue_terms_class(&m), CLASS_PAID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stricter_consent),
		cmocka_unit_test(a_quote_answers_the_question),
		cmocka_unit_test(the_lower_ceiling),
		cmocka_unit_test(the_class_of_a_choice),
	};

	return cmocka_run_group_tests_name("queue_terms", tests, NULL, NULL);
}
