/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One phone on SGs: paging (29.118 5.1), unitdata and release (7), alert (5.4), detach (5.5, 5.6). */
#include "sms/sgs_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

static void init_message(struct sgs_subscriber *s, struct sgsap *m, enum sgsap_type type)
{
	sgsap_init(m, type);
	sgsap_set_imsi(m, text_of(s->imsi));
}

static void put(struct sgs_subscriber *s, const struct sgsap *m)
{
	if (s->mme && s->mme->link)
		sgs_put(s->sgs, s->mme->link, m);
}

static void put_plain(struct sgs_subscriber *s, enum sgsap_type type)
{
	struct sgsap m;

	init_message(s, &m, type);
	put(s, &m);
}

/* --- what the session asks for --------------------------------------------------------------------------------------
 */

static void on_send(void *owner, const void *octets, size_t len)
{
	struct sgs_subscriber *s = owner;
	struct sgsap m;

	init_message(s, &m, SGSAP_DOWNLINK_UNITDATA);
	sgsap_set(&m, SGSAP_NAS_CONTAINER, text_range(octets, len));
	put(s, &m);
	if (session_busy(&s->session, SESSION_TO_PHONE))
		s->sent_down = true;
}

static void on_open(void *owner)
{
	struct sgs_subscriber *s = owner;
	struct sgsap m;

	init_message(s, &m, SGSAP_PAGING_REQUEST);
	sgsap_set_name(&m, SGSAP_VLR_NAME, text_of(s->sgs->vlr_name));
	sgsap_set_octet(&m, SGSAP_SERVICE_INDICATOR, SGSAP_SERVICE_SMS);
	if (s->lai_len)
		sgsap_set(&m, SGSAP_LAI, text_range(s->lai, s->lai_len));
	put(s, &m);
	s->paging = true;
	s->page_due_us = s->sgs->now_us + s->sgs->timers.ts5_us;
	sgs_count(s->sgs, SGS_COUNT_PAGING);
}

static void on_close(void *owner)
{
	put_plain(owner, SGSAP_RELEASE_REQUEST);
}

static void on_message(void *owner, const struct rp *rp)
{
	struct sgs_subscriber *s = owner;

	sgs_count(s->sgs, SGS_COUNT_UP);
	s->sgs->user->message(s->sgs->owner, s->imsi, rp);
}

static void on_ended(void *owner, enum session_way way, enum rp_outcome outcome, const struct rp *report)
{
	struct sgs_subscriber *s = owner;
	struct sgs_end end = { .outcome = outcome, .paged_in_vain = !s->sent_down, .cause = s->cause };

	if (way == SESSION_FROM_PHONE)
		return;
	sgs_count(s->sgs, outcome == RP_DELIVERED ? SGS_COUNT_DOWN : SGS_COUNT_FAILED);
	s->sgs->user->ended(s->sgs->owner, s->imsi, &end, report);
}

static const struct session_user session_user = { on_send, on_open, on_close, on_message, on_ended };

/* --- life ------------------------------------------------------------------------------------------------------------
 */

struct sgs_subscriber *sgs_find(const struct sgs *sgs, const char *imsi)
{
	return key_table_find(sgs->subscribers, text_of(imsi));
}

struct sgs_subscriber *sgs_find_or_make(struct sgs *sgs, const char *imsi)
{
	struct sgs_subscriber *s = sgs_find(sgs, imsi);

	if (s)
		return s;
	s = must_alloc(sizeof(*s));
	if (!key_table_add(sgs->subscribers, text_of(imsi), s)) {
		free(s);
		sgs_count(sgs, SGS_COUNT_FULL);
		return NULL;
	}
	s->sgs = sgs;
	(void)text_copy(text_of(imsi), s->imsi, sizeof(s->imsi));
	session_init(&s->session, &session_user, s, sgs->timers.session);
	return s;
}

void sgs_subscriber_free(struct sgs_subscriber *s)
{
	due_stop(&s->sgs->due, &s->due);
	free(s);
}

void sgs_enter(struct sgs_subscriber *s)
{
	s->held++;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return b && b < a ? b : a;
}

void sgs_leave(struct sgs_subscriber *s)
{
	struct sgs *sgs = s->sgs;

	if (--s->held)
		return;
	if (s->state == SGS_NULL && session_idle(&s->session)) {
		(void)key_table_remove(sgs->subscribers, text_of(s->imsi));
		sgs_subscriber_free(s);
		return;
	}
	int64_t next = earlier(earlier(session_next_us(&s->session), s->page_due_us), s->alert_due_us);
	if (next == INT64_MAX)
		due_stop(&sgs->due, &s->due);
	else
		due_set(&sgs->due, &s->due, next);
}

void sgs_drop(struct sgs_subscriber *s, bool tell)
{
	bool was = s->state != SGS_NULL;

	s->state = SGS_NULL;
	s->alert = false;
	s->page_due_us = s->alert_due_us = 0;
	s->paging = false;
	session_carrier_lost(&s->session, s->sgs->now_us);
	if (was && tell)
		s->sgs->user->detached(s->sgs->owner, s->imsi);
}

/* --- alert -----------------------------------------------------------------------------------------------------------
 */

static void ask_alert(struct sgs_subscriber *s)
{
	put_plain(s, SGSAP_ALERT_REQUEST);
	s->alert_due_us = s->sgs->now_us + s->sgs->timers.ts7_us;
}

static void want_alert(struct sgs_subscriber *s)
{
	if (s->alert || s->alert_due_us)
		return;
	s->alerts_left = s->sgs->timers.ns7;
	ask_alert(s);
}

static void on_alert_ack(struct sgs_subscriber *s, const struct sgsap *m)
{
	(void)m;
	s->alert_due_us = 0;
	s->alert = true;
}

static void heard(struct sgs_subscriber *s)
{
	s->alert = false;
	s->alert_due_us = 0;
}

static void on_activity(struct sgs_subscriber *s, const struct sgsap *m)
{
	(void)m;
	heard(s);
	s->sgs->user->attached(s->sgs->owner, s->imsi);
}

/* --- paging ----------------------------------------------------------------------------------------------------------
 */

static void page_over(struct sgs_subscriber *s)
{
	s->paging = false;
	s->page_due_us = 0;
}

/* What a cause says about the phone: gone, out of reach for a while, or nothing. */
static void judge_cause(struct sgs_subscriber *s, uint8_t cause)
{
	switch (cause) {
	case SGSAP_CAUSE_DETACHED_EPS:
	case SGSAP_CAUSE_DETACHED_BOTH:
	case SGSAP_CAUSE_IMSI_UNKNOWN:
	case SGSAP_CAUSE_DETACHED_NON_EPS:
	case SGSAP_CAUSE_IMPLICITLY_DETACHED:
		sgs_drop(s, true);
		break;
	case SGSAP_CAUSE_UNREACHABLE:
	case SGSAP_CAUSE_TEMPORARILY_UNREACHABLE:
		want_alert(s);
		break;
	default:
		break;
	}
}

/* After this the phone is not there: nothing more may go down to it. */
static void on_unreachable(struct sgs_subscriber *s, const struct sgsap *m)
{
	page_over(s);
	sgs_count(s->sgs, SGS_COUNT_PAGING_REJECT);
	s->cause = sgsap_octet(m, SGSAP_CAUSE);
	judge_cause(s, s->cause);
	session_carrier_lost(&s->session, s->sgs->now_us);
}

static void on_alert_reject(struct sgs_subscriber *s, const struct sgsap *m)
{
	s->alert_due_us = 0;
	if (sgsap_octet(m, SGSAP_CAUSE) == SGSAP_CAUSE_IMSI_UNKNOWN)
		sgs_drop(s, true);
}

static void on_service_request(struct sgs_subscriber *s, const struct sgsap *m)
{
	if (sgsap_octet(m, SGSAP_SERVICE_INDICATOR) != SGSAP_SERVICE_SMS)
		return;
	page_over(s);
	heard(s);
	session_carrier_up(&s->session, s->sgs->now_us);
}

static void on_uplink(struct sgs_subscriber *s, const struct sgsap *m)
{
	struct text nas = m->element[SGSAP_NAS_CONTAINER];

	page_over(s);
	heard(s);
	session_received(&s->session, nas.at, nas.len, s->sgs->now_us);
}

static void on_detach(struct sgs_subscriber *s, const struct sgsap *m)
{
	put_plain(s, m->type == SGSAP_EPS_DETACH_INDICATION ? SGSAP_EPS_DETACH_ACK : SGSAP_IMSI_DETACH_ACK);
	sgs_drop(s, true);
}

/* --- location updates ------------------------------------------------------------------------------------------------
 */

void sgs_location_update(struct sgs_subscriber *s, const struct sgsap *m)
{
	struct text lai = m->element[SGSAP_LAI];

	/* What was under way went through another place, or the phone began anew. */
	page_over(s);
	session_carrier_lost(&s->session, s->sgs->now_us);
	s->lai_len = lai.len <= sizeof(s->lai) ? (uint8_t)lai.len : 0;
	if (s->lai_len)
		memcpy(s->lai, lai.at, s->lai_len);
	s->state = SGS_LA_UPDATE_PRESENT;
	heard(s);
	s->sgs->user->locate(s->sgs->owner, s->imsi, s->mme->name);
}

void sgs_accept(struct sgs *sgs, const char *imsi, int64_t now_us)
{
	struct sgs_subscriber *s = sgs_find(sgs, imsi);
	struct sgsap m;

	sgs->now_us = now_us;
	if (!s || s->state != SGS_LA_UPDATE_PRESENT)
		return;
	sgs_enter(s);
	init_message(s, &m, SGSAP_LOCATION_UPDATE_ACCEPT);
	sgsap_set(&m, SGSAP_LAI, text_range(s->lai, s->lai_len));
	put(s, &m);
	s->state = SGS_ASSOCIATED;
	sgs_count(sgs, SGS_COUNT_LOCATION);
	sgs->user->attached(sgs->owner, s->imsi);
	sgs_leave(s);
}

void sgs_reject(struct sgs *sgs, const char *imsi, uint8_t cause, int64_t now_us)
{
	struct sgs_subscriber *s = sgs_find(sgs, imsi);
	struct sgsap m;

	sgs->now_us = now_us;
	if (!s || s->state != SGS_LA_UPDATE_PRESENT)
		return;
	sgs_enter(s);
	init_message(s, &m, SGSAP_LOCATION_UPDATE_REJECT);
	sgsap_set_octet(&m, SGSAP_REJECT_CAUSE, cause);
	put(s, &m);
	sgs_count(sgs, SGS_COUNT_REJECT);
	sgs_drop(s, true);
	sgs_leave(s);
}

/* --- dispatch --------------------------------------------------------------------------------------------------------
 */

static const struct row {
	uint8_t type;
	void (*handle)(struct sgs_subscriber *s, const struct sgsap *m);
} rows[] = {
	{ SGSAP_PAGING_REJECT, on_unreachable },
	{ SGSAP_UE_UNREACHABLE, on_unreachable },
	{ SGSAP_SERVICE_REQUEST, on_service_request },
	{ SGSAP_UPLINK_UNITDATA, on_uplink },
	{ SGSAP_ALERT_ACK, on_alert_ack },
	{ SGSAP_ALERT_REJECT, on_alert_reject },
	{ SGSAP_UE_ACTIVITY_INDICATION, on_activity },
	{ SGSAP_EPS_DETACH_INDICATION, on_detach },
	{ SGSAP_IMSI_DETACH_INDICATION, on_detach },
};

void sgs_subscriber_message(struct sgs_subscriber *s, const struct sgsap *m)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].type == m->type)
			rows[i].handle(s, m);
	}
}

enum result sgs_send(struct sgs *sgs, const char *imsi, const struct rp *rp, int64_t now_us)
{
	struct sgs_subscriber *s = sgs_find(sgs, imsi);

	sgs->now_us = now_us;
	if (!s || s->state != SGS_ASSOCIATED)
		return ERR_NOT_FOUND;
	if (!s->mme->link)
		return ERR_CLOSED;
	if (session_busy(&s->session, SESSION_TO_PHONE))
		return ERR_BUSY;
	sgs_enter(s);
	s->sent_down = false;
	s->cause = 0;
	bool sent = session_send(&s->session, rp, now_us);
	sgs_leave(s);
	return sent ? OK : ERR_TOO_BIG;
}

bool sgs_answer(struct sgs *sgs, const char *imsi, uint8_t cause, const struct text *tpdu, int64_t now_us)
{
	struct sgs_subscriber *s = sgs_find(sgs, imsi);

	sgs->now_us = now_us;
	if (!s)
		return false;
	sgs_enter(s);
	bool answered = session_answer(&s->session, cause, tpdu, now_us);
	sgs_leave(s);
	return answered;
}

void sgs_subscriber_run(struct sgs_subscriber *s)
{
	struct sgs *sgs = s->sgs;

	if (s->page_due_us && s->page_due_us <= sgs->now_us) {
		page_over(s);
		sgs_count(sgs, SGS_COUNT_PAGING_TIMEOUT);
		want_alert(s);
		session_carrier_lost(&s->session, sgs->now_us);
	}
	if (s->alert_due_us && s->alert_due_us <= sgs->now_us) {
		s->alert_due_us = 0;
		if (s->alerts_left) {
			s->alerts_left--;
			ask_alert(s);
		}
	}
	session_run(&s->session, sgs->now_us);
}
