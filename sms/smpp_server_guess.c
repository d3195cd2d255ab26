/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Failures per address. After a failure secrets from there are looked at one at a time, each a gap after the one
 * before; the gap doubles with each failure. What is known to be right never comes here, so that a client behind the
 * same address as a guesser binds as ever. Addresses of version 6 count per /64.
 */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/random.h"
#include "sms/smpp_server_internal.h"

#define ROWS 4096u
#define GAP_FIRST_US (500 * USEC_PER_MSEC)
#define GAP_MAX_US (4 * USEC_PER_SEC)
#define WAIT_MAX_US (6 * USEC_PER_SEC) /* clients do not wait much longer for an answer to a bind */
#define FORGOTTEN_US (60 * USEC_PER_SEC)

struct row {
	uint8_t octets[16];
	unsigned failures;
	int64_t failed_us; /* the last one */
	int64_t next_us;   /* when the next secret may be looked at */
};

struct smpp_guesses {
	uint32_t seed;
	struct row rows[ROWS];
};

struct smpp_guesses *smpp_guesses_new(void)
{
	struct smpp_guesses *g = must_alloc(sizeof(*g));

	random_bytes(&g->seed, sizeof(g->seed));
	return g;
}

void smpp_guesses_free(struct smpp_guesses **guesses)
{
	free(*guesses);
	*guesses = NULL;
}

static struct row *row_of(struct smpp_guesses *g, const char *peer, uint8_t octets[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint32_t h = 2166136261u ^ g->seed;

	if (!network_of_peer(peer, octets))
		memset(octets, 0, 16);
	if (memcmp(octets, mapped, sizeof(mapped)))
		memset(octets + 8, 0, 8);
	for (unsigned i = 0; i < 16; i++)
		h = (h ^ octets[i]) * 16777619u;
	return &g->rows[h % ROWS];
}

static bool counts(const struct row *r, const uint8_t octets[16], int64_t now_us)
{
	return r->failures && !memcmp(r->octets, octets, 16) && now_us - r->failed_us < FORGOTTEN_US;
}

static int64_t gap_of(const struct row *r)
{
	int64_t gap = GAP_FIRST_US;

	for (unsigned i = 1; i < r->failures && gap < GAP_MAX_US; i++)
		gap *= 2;
	return gap;
}

int64_t smpp_guesses_turn(struct smpp_guesses *g, const char *peer, int64_t now_us)
{
	uint8_t octets[16];
	struct row *r = row_of(g, peer, octets);

	if (!counts(r, octets, now_us))
		return 0;
	int64_t turn = r->next_us > now_us ? r->next_us : now_us;
	if (turn - now_us > WAIT_MAX_US)
		return -1;
	r->next_us = turn + gap_of(r);
	return turn - now_us;
}

int64_t smpp_guesses_failed(struct smpp_guesses *g, const char *peer, int64_t now_us, unsigned *failures_out)
{
	uint8_t octets[16];
	struct row *r = row_of(g, peer, octets);

	if (!counts(r, octets, now_us)) {
		*r = (struct row){ 0 };
		memcpy(r->octets, octets, sizeof(r->octets));
	}
	r->failures++;
	r->failed_us = now_us;
	if (r->next_us < now_us + gap_of(r))
		r->next_us = now_us + gap_of(r);
	*failures_out = r->failures;
	return gap_of(r);
}
