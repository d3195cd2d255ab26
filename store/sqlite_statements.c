/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts of the statements. Parameters are numbered; ?1 is the key. */
#include "store/sqlite_statements.h"

#define ROW_COLUMNS \
	"d.id, d.recipient, d.lane, d.route, d.bearer, d.state, d.doubt, d.cancel, d.parked, d.attempt, d.epoch, " \
	"d.due_us, d.deadline_us, d.lease_us, d.outcome, d.final_us, d.trail, m.channel, m.sender, m.text, " \
	"m.account_id, m.accepted_us, m.expires_us, m.header, d.worker "
/* A delivery's message id: its own with zeroes for the recipient. */
#define MESSAGE_OF(id) "CAST(substr(" id ", 1, 14) || x'0000' AS BLOB)"
#define ROW_SELECT "SELECT " ROW_COLUMNS "FROM delivery d JOIN message m ON m.id = " MESSAGE_OF("d.id") " "
#define TRAIL_ADD(n) "trail = CAST(trail || " n " AS BLOB) "
/* A result that comes after its lease ran out still counts while nobody claimed the row again. */
#define AT_WORK "id = ?1 AND epoch = ?2 AND (state = 1 OR (state = 0 AND doubt = 1))"

const char *const sqlite_statement_texts[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_BEGIN_READ] = "BEGIN",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_SAVEPOINT] = "SAVEPOINT request",
	[SQL_ROLLBACK_TO] = "ROLLBACK TO request",
	[SQL_RELEASE] = "RELEASE request",
	[SQL_MARK_PUT] = "INSERT INTO mark (name, seq) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET seq = "
			 "max(seq, excluded.seq)",
	[SQL_MARK_SET] = "UPDATE mark SET seq = ?2 WHERE name = ?1",
	[SQL_MARK_GET] = "SELECT seq FROM mark WHERE name = ?1",
	[SQL_IDEM_GET] = "SELECT body_hash, message_id, answer FROM idem WHERE key = ?1",
	[SQL_IDEM_PUT] = "INSERT OR IGNORE INTO idem (key, body_hash, code, message_id, answer, created_us) "
			 "VALUES (?1, ?2, 0, ?3, ?4, ?5)",
	[SQL_IDEM_DELETE] = "DELETE FROM idem WHERE key = ?1",
	[SQL_MESSAGE_PUT] = "INSERT OR IGNORE INTO message (id, channel, sender, account_id, idem_key, accepted_us, "
			    "expires_us, header, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[SQL_MESSAGE_SAME] = "SELECT sender = ?2 AND account_id = ?3 AND header = ?4 AND (text IS NULL OR text = ?5) "
			     "FROM message WHERE id = ?1",
	[SQL_DELIVERY_PUT] = "INSERT INTO delivery (id, recipient, lane, route, bearer, state, attempt, epoch, due_us, "
			     "parked, deadline_us, worker, lease_us, trail) "
			     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[SQL_OUTBOX_PUT] = "INSERT OR IGNORE INTO outbox (id, target, kind, body, due_us) VALUES (?1, ?2, ?3, ?4, ?5)",
	[SQL_LIVE_GET] = "SELECT state, epoch, lane, doubt, cancel, parked, length(trail), outcome, rowid, deadline_us "
			 "FROM delivery "
			 "WHERE id = ?1",
	[SQL_ROW_GET] = ROW_SELECT "WHERE d.id = ?1",
	[SQL_ROWS_OF_MESSAGE] = ROW_SELECT "WHERE d.id > ?1 AND d.id <= ?2 ORDER BY d.id",
	[SQL_CLAIM] = "UPDATE delivery SET attempt = CASE WHEN doubt = 1 THEN attempt ELSE attempt + 1 END, state = 1, "
		      "epoch = epoch + 1, worker = ?4, lease_us = ?2 + ?5 WHERE state = 0 AND id IN "
		      "(SELECT d.id FROM delivery d WHERE d.route = ?1 AND d.state = 0 AND d.parked = 0 AND "
		      "d.due_us <= ?2 AND d.deadline_us > ?2 + ?5 + ?6 ORDER BY d.due_us, d.id LIMIT ?3) "
		      "RETURNING id, due_us",
	[SQL_RENEW] = "UPDATE delivery SET lease_us = ?3, bearer = CASE WHEN ?4 = '' THEN bearer ELSE ?4 END "
		      "WHERE id = ?1 AND epoch = ?2 AND state = 1",
	[SQL_RELEASE_ROW] = "UPDATE delivery SET state = 0, doubt = 0, worker = NULL, lease_us = 0, due_us = ?3, "
			    "route = ?4, bearer = ?5, " TRAIL_ADD("?6") "WHERE " AT_WORK,
	/* By the index of heads, whose condition must stand here as it is. */
	[SQL_DUE_ROW] = "UPDATE delivery SET due_us = ?4 WHERE lane = ?1 AND state < 2 AND parked = 0 AND lane IS NOT "
			"NULL AND state = 0 AND route = ?2 AND recipient = ?3 AND due_us > ?4",
	[SQL_HOLD_ROW] = "UPDATE delivery SET state = 0, parked = 2, worker = NULL, lease_us = 0, due_us = ?3, "
			 "route = '', " TRAIL_ADD("?4") "WHERE id = ?1 AND epoch = ?2 AND state < 2 AND doubt = 0",
	[SQL_DECIDE_ROW] = "UPDATE delivery SET parked = ?3, due_us = ?4, route = ?5, bearer = ?6, " TRAIL_ADD(
		"?7") "WHERE id = ?1 AND epoch = ?2 AND state = 0 AND parked = 2",
	[SQL_DECIDED_SAME] = "SELECT state < 2 AND parked < 2 AND epoch = ?2 AND route = ?3 AND bearer = ?4 "
			     "FROM delivery WHERE id = ?1",
	[SQL_WAKE_PUT] = "INSERT OR IGNORE INTO wake (key, delivery_id) VALUES (?2, ?1)",
	[SQL_WAKE_DELETE] = "DELETE FROM wake WHERE delivery_id = ?1",
	[SQL_WAKE_KEY] = ROW_SELECT "JOIN wake w ON w.delivery_id = d.id WHERE w.key = ?1 AND d.state = 0 AND "
				    "d.parked = 2 ORDER BY w.delivery_id LIMIT ?2",
	[SQL_WAKE_DUE] = ROW_SELECT "WHERE d.route = '' AND d.state = 0 AND d.parked = 2 AND d.due_us <= ?1 "
				    "ORDER BY d.due_us, d.id LIMIT ?2",
	[SQL_FINISH] = "UPDATE delivery SET state = ?3, doubt = 0, worker = NULL, lease_us = ?4, outcome = ?5, "
		       "final_us = ?6, " TRAIL_ADD("?7") "WHERE rowid = ?1",
	[SQL_IN_DOUBT] =
		"UPDATE delivery SET state = 0, doubt = 1, worker = NULL, lease_us = 0, due_us = ?3, " TRAIL_ADD(
			"?4") "WHERE id = ?1 AND epoch = ?2 AND state = 1",
	[SQL_PROMOTE] = "UPDATE delivery SET parked = 0 WHERE id = (SELECT id FROM delivery WHERE lane = ?1 AND "
			"state = 0 AND parked = 1 ORDER BY id LIMIT 1)",
	[SQL_LANE_HEAD] = "SELECT id, state, doubt FROM delivery WHERE lane = ?1 AND state < 2 AND parked = 0",
	[SQL_LANE_OLDER] = "SELECT 1 FROM delivery WHERE lane = ?2 AND id < ?1 AND state = 0 AND parked = 1 LIMIT 1",
	[SQL_PARK] = "UPDATE delivery SET parked = 1 WHERE id = ?1",
	[SQL_END] = "UPDATE delivery SET state = 2, parked = 0, outcome = ?2, final_us = ?3, lease_us = 0, doubt = 0, "
		    "worker = NULL, trail = ?4 WHERE id = ?1",
	[SQL_CANCEL_MARK] = "UPDATE delivery SET cancel = 1, trail = ?2 WHERE id = ?1",
	[SQL_TRAIL_GET] = "SELECT trail FROM delivery WHERE id = ?1",
	[SQL_TRAIL_SET] = "UPDATE delivery SET trail = ?2 WHERE id = ?1",
	[SQL_TRAIL_ADD] = "UPDATE delivery SET " TRAIL_ADD("?2") "WHERE id = ?1",
	[SQL_WIRE_GET] = "SELECT delivery_id, parts FROM wire WHERE peer = ?1 AND wire_id = ?2",
	[SQL_WIRE_PUT] = "INSERT OR IGNORE INTO wire (peer, wire_id, delivery_id, n, parts, until_us) VALUES (?1, ?2, "
			 "?3, ?4, ?5, ?6)",
	[SQL_RECIPIENT_GET] = "SELECT recipient FROM delivery WHERE id = ?1",
	[SQL_WIRE_OUTCOME] = "UPDATE wire SET outcome = max(coalesce(outcome, 0), ?3) WHERE peer = ?1 AND wire_id = ?2",
	/* Failed segments outrank delivered ones once all are in: the worst counts. */
	[SQL_WIRE_WORST] = "SELECT count(*), sum(coalesce(outcome, 0) > 1), min(CASE WHEN outcome > 1 THEN outcome "
			   "END) FROM wire WHERE delivery_id = ?1 AND parts > 1",
	[SQL_EARLY_PUT] = "INSERT INTO early (peer, first_id, n, wire_id, source, destination, sure, outcome, "
			  "until_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[SQL_EARLY_RAISE] = "UPDATE early SET outcome = max(outcome, ?3) WHERE peer = ?1 AND first_id = ?2",
	[SQL_EARLY_FIND] = "SELECT e.first_id, e.n, e.source, e.destination, e.sure, e.outcome, d.recipient "
			   "FROM early e JOIN delivery d ON d.id = ?3 WHERE e.peer = ?1 AND e.wire_id = ?2 "
			   "ORDER BY e.n, e.first_id",
	[SQL_EARLY_HURRY] = "UPDATE early SET until_us = min(until_us, ?3) WHERE peer = ?1 AND first_id = ?2",
	[SQL_EARLY_DELETE] = "DELETE FROM early WHERE peer = ?1 AND first_id = ?2",
	[SQL_EARLY_ENDED] = "SELECT peer, first_id, outcome FROM early WHERE n = 0 AND until_us <= ?1 "
			    "ORDER BY until_us, peer, first_id LIMIT ?2",
	[SQL_EARLY_ANY] = "SELECT EXISTS (SELECT 1 FROM early)",
	[SQL_EXPIRE_DEADLINE] = ROW_SELECT "WHERE d.state = 0 AND d.deadline_us <= ?1 ORDER BY d.deadline_us, d.id "
					   "LIMIT ?2",
	[SQL_EXPIRE_LEASE] = ROW_SELECT "WHERE d.lease_us > 0 AND d.lease_us <= ?1 ORDER BY d.lease_us, d.id LIMIT ?2",
	[SQL_CDR_PUT] = "INSERT OR IGNORE INTO cdr (delivery_id, kind, n, body, created_us, seq, chain) "
			"VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6)",
	[SQL_CDR_PUT_NEXT] = "INSERT INTO cdr (delivery_id, kind, n, body, created_us, seq, chain) "
			     "SELECT ?1, ?2, max(n) + 1, ?3, ?4, ?5, ?6 FROM cdr WHERE delivery_id = ?1 AND kind = ?2",
	[SQL_CDR_HEAD] = "SELECT seq, chain FROM cdr WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1",
	[SQL_CDR_NEXT] = "SELECT seq, delivery_id, kind, n, body, chain, created_us FROM cdr WHERE seq > ?1 "
			 "ORDER BY seq LIMIT ?2",
	[SQL_FACT_PUT] = "INSERT INTO fact (kind, key, value, until_us) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind, "
			 "key) DO UPDATE SET value = excluded.value, until_us = excluded.until_us",
	[SQL_FACT_GET] = "SELECT value, until_us FROM fact WHERE kind = ?1 AND key = ?2 AND until_us > ?3",
	[SQL_FACT_SCAN] = "SELECT key, value, until_us FROM fact WHERE kind = ?1 AND key >= ?2 AND until_us > ?3 "
			  "ORDER BY key",
	[SQL_FACT_DELETE] = "DELETE FROM fact WHERE kind = ?1 AND key = ?2",
	[SQL_OUTBOX_DUE] = "SELECT id, target, kind, body, due_us FROM outbox WHERE target = ?1 AND done_us IS NULL "
			   "AND due_us <= ?2 ORDER BY due_us LIMIT ?3",
	/* The bodies of those alone that are taken are read. */
	[SQL_OUTBOX_DUE_ALL] = "SELECT id, target, kind, body, due_us FROM outbox WHERE ?1 = '' AND rowid IN (SELECT "
			       "rowid FROM outbox WHERE done_us IS NULL AND due_us <= ?2 ORDER BY due_us LIMIT ?3) "
			       "ORDER BY due_us",
	[SQL_OUTBOX_DONE] = "UPDATE outbox SET done_us = ?2 WHERE id = ?1 AND done_us IS NULL",
	[SQL_OUTBOX_LATER] = "UPDATE outbox SET due_us = ?2 WHERE id = ?1 AND done_us IS NULL",
	[SQL_OUTBOX_EXISTS] = "SELECT 1 FROM outbox WHERE id = ?1",
	[SQL_FENCE_RAISE] = "INSERT INTO fence (name, epoch) VALUES (?1, 1) ON CONFLICT (name) DO UPDATE SET epoch = "
			    "epoch + 1 RETURNING epoch",
	[SQL_FENCE_GET] = "SELECT epoch FROM fence WHERE name = ?1",
	/* Finished rows are what is left of all. */
	[SQL_COUNTS] = "SELECT (SELECT count(*) FROM delivery WHERE state = 0 AND parked < 2), "
		       "(SELECT count(*) FROM delivery WHERE lease_us > 0 AND state = 1), "
		       "(SELECT count(*) FROM delivery WHERE lease_us > 0 AND state = 3), "
		       "(SELECT count(*) FROM delivery), "
		       "(SELECT count(*) FROM delivery WHERE state = 0 AND parked = 2), "
		       "(SELECT count(*) FROM outbox WHERE done_us IS NULL)",
	/* Of all rows only the newest are looked at; those that wait or are under way have indexes of their own. */
	[SQL_SCAN] = ROW_SELECT "WHERE (?1 = '' OR d.route = ?1) AND (?2 = '' OR d.recipient = ?2) AND (?3 < 0 OR "
				"d.state = ?3) AND d.id > coalesce((SELECT id FROM delivery ORDER BY id DESC LIMIT 1 "
				"OFFSET 200000), x'') ORDER BY d.id DESC LIMIT ?4",
	[SQL_SCAN_WAITING] = ROW_SELECT "WHERE d.rowid IN (SELECT rowid FROM delivery WHERE state = 0 AND (?1 = '' OR "
					"route = ?1) AND (?2 = '' OR recipient = ?2) ORDER BY id DESC LIMIT ?4) "
					"ORDER BY d.id DESC",
	[SQL_SCAN_UNDER_WAY] = ROW_SELECT "WHERE d.rowid IN (SELECT rowid FROM delivery WHERE lease_us > 0 AND state = "
					  "?3 AND (?1 = '' OR route = ?1) AND (?2 = '' OR recipient = ?2) ORDER BY id "
					  "DESC LIMIT ?4) ORDER BY d.id DESC",
	[SQL_ROUTES] = "SELECT route, count(*), min(CASE WHEN parked = 0 THEN due_us END) FROM delivery "
		       "WHERE state = 0 AND parked < 2 GROUP BY route",
	[SQL_TARGETS] = "SELECT target, count(*), min(due_us) FROM outbox WHERE done_us IS NULL GROUP BY target",
	/* Heads and those behind them, each from its own index alone: no row is read. */
	[SQL_LANES] = "SELECT lane FROM delivery WHERE state < 2 AND parked = 0 AND lane IS NOT NULL UNION ALL "
		      "SELECT lane FROM delivery WHERE state = 0 AND parked = 1 AND lane IS NOT NULL",
	[SQL_PRUNE_OLD] =
		"SELECT m.id, m.text IS NOT NULL, (SELECT max(CASE WHEN d.state = 2 THEN d.final_us ELSE "
		"9223372036854775807 END) FROM delivery d WHERE d.id > m.id AND d.id <= CAST(substr(m.id, 1, "
		"14) || x'ffff' AS BLOB)) FROM message m WHERE m.id > ?1 AND m.id < ?2 ORDER BY m.id LIMIT ?3",
	[SQL_PRUNE_TEXT] = "UPDATE message SET text = NULL WHERE id = ?1",
	[SQL_PRUNE_DELIVERY] = "DELETE FROM delivery WHERE id > ?1 AND id <= ?2",
	[SQL_PRUNE_PART] = "DELETE FROM part WHERE message_id = ?1",
	[SQL_PRUNE_MESSAGE] = "DELETE FROM message WHERE id = ?1",
	[SQL_PRUNE_IDEM] = "DELETE FROM idem WHERE key IN (SELECT key FROM idem WHERE created_us < ?1 ORDER BY "
			   "created_us LIMIT ?2)",
	[SQL_PRUNE_CDR] = "DELETE FROM cdr WHERE seq IN (SELECT seq FROM (SELECT seq, created_us FROM cdr WHERE "
			  "seq <= ?3 AND seq < ?4 ORDER BY seq LIMIT ?2) WHERE created_us < ?1)",
	[SQL_PRUNE_OUTBOX] = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE done_us IS NOT NULL AND "
			     "done_us < ?1 ORDER BY done_us LIMIT ?2)",
	[SQL_PRUNE_WIRE] = "DELETE FROM wire WHERE (peer, wire_id) IN (SELECT peer, wire_id FROM wire WHERE until_us < "
			   "?1 ORDER BY "
			   "until_us LIMIT ?2)",
	[SQL_PRUNE_FACT] = "DELETE FROM fact WHERE rowid IN (SELECT rowid FROM fact WHERE until_us <= ?1 ORDER BY "
			   "until_us LIMIT ?2)",
	[SQL_PRUNE_CHARGE] = "DELETE FROM charge WHERE rowid IN (SELECT rowid FROM charge WHERE delivery_id < ?1 AND "
			     "state >= 2 ORDER BY delivery_id LIMIT ?2)",
	[SQL_ACCOUNT_PUT] = "INSERT OR IGNORE INTO account (id, kind, currency, credit) VALUES (?1, ?2, ?3, ?4)",
	[SQL_ACCOUNT_GET] = "SELECT kind, currency, credit, posted, held FROM account WHERE id = ?1",
	[SQL_ACCOUNT_CREDIT] =
		"UPDATE account SET credit = ?2 WHERE id = ?1 AND (kind <> 0 OR posted + ?2 - held >= 0)",
	[SQL_ACCOUNT_HOLD] = "UPDATE account SET held = held + ?2 WHERE id = ?1 AND kind = 0 AND currency = ?3 AND "
			     "posted + credit - held >= ?2",
	[SQL_ACCOUNT_SETTLE] = "UPDATE account SET held = held - ?2, posted = posted - ?3 WHERE id = ?1",
	[SQL_ACCOUNT_MOVE] = "UPDATE account SET posted = posted + ?2 WHERE id = ?1 AND kind = 0",
	[SQL_SUBSCRIBER_PUT] = "INSERT INTO subscriber (address, account_id, profile, policy) VALUES (?1, ?2, ?3, ?4) "
			       "ON CONFLICT (address) DO UPDATE SET account_id = excluded.account_id, profile = "
			       "excluded.profile, policy = excluded.policy",
	[SQL_SUBSCRIBER_GET] = "SELECT account_id, profile, policy FROM subscriber WHERE address = ?1",
	/* A cap lowered below what is used stands there, and each settling lowers it on. */
	[SQL_CAP_PUT] = "INSERT INTO cap_use (account_id, kind, from_us, until_us, cap, wanted) VALUES (?1, ?2, ?3, "
			"?4, ?5, ?5) ON CONFLICT (account_id, kind, from_us) DO UPDATE SET until_us = "
			"excluded.until_us, wanted = CASE WHEN ?6 THEN min(wanted, excluded.wanted) ELSE "
			"excluded.wanted END, cap = max(CASE WHEN ?6 THEN min(wanted, excluded.wanted) ELSE "
			"excluded.wanted END, posted + held)",
	[SQL_CAP_OPEN] = "SELECT from_us, until_us, cap, posted, held FROM cap_use WHERE account_id = ?1 AND kind = ?2 "
			 "AND from_us <= ?3 AND until_us > ?3 ORDER BY from_us DESC LIMIT 1",
	[SQL_CAP_AT] = "SELECT from_us, until_us, cap, posted, held FROM cap_use WHERE account_id = ?1 AND kind = ?2 "
		       "AND from_us = ?3",
	[SQL_CAP_HOLD] = "UPDATE cap_use SET held = held + ?4 WHERE account_id = ?1 AND kind = ?2 AND from_us = ?3 "
			 "AND cap - posted - held >= ?4",
	[SQL_CAP_SETTLE] = "UPDATE cap_use SET held = held - ?4, posted = posted + ?5, cap = CASE WHEN cap > wanted "
			   "THEN max(wanted, posted + held + ?5 - ?4) ELSE cap END WHERE account_id = ?1 AND kind = "
			   "?2 AND from_us = ?3",
	[SQL_CONSENT_PUT] = "INSERT OR IGNORE INTO consent (id, account_id, bearers, max_each, from_us, until_us, "
			    "revoked_us, proof) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[SQL_CONSENT_REVOKE] = "UPDATE consent SET revoked_us = ?2 WHERE id = ?1",
	[SQL_CONSENT_GET] = "SELECT account_id, bearers, max_each, from_us, until_us, revoked_us, proof FROM consent "
			    "WHERE id = ?1",
	[SQL_PRICE_VERSION_PUT] = "INSERT OR IGNORE INTO price_version (id, currency, from_us, hash) VALUES (?1, ?2, "
				  "?3, ?4)",
	[SQL_PRICE_VERSION_GET] = "SELECT hash FROM price_version WHERE id = ?1",
	[SQL_PRICE_PUT] =
		"INSERT INTO price (version, bearer, prefix, unit, upto, amount, tax_ppm, pay_on) VALUES (?1, "
		"?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[SQL_PRICE_GET] = "SELECT amount, tax_ppm, pay_on FROM price WHERE version = ?1 AND bearer = ?2 AND prefix = "
			  "?3 AND unit = ?4 AND upto >= ?5 ORDER BY upto LIMIT 1",
	[SQL_PRICE_PREFIX] = "SELECT 1 FROM price WHERE version = ?1 AND bearer = ?2 AND prefix = ?3 AND unit = ?4",
	[SQL_CHARGE_ANY] = "SELECT EXISTS (SELECT 1 FROM charge)",
	[SQL_CHARGE_PUT] = "INSERT INTO charge (delivery_id, kind, account_id, bearers, max_amount, currency, version, "
			   "units, tax_ppm, pay_on, given_us, until_us, consent_id, proof, windows, amount, "
			   "deadline_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
			   "?16, ?17)",
	[SQL_CHARGE_MOVE_UP] = "UPDATE charge SET n = (SELECT max(n) + 1 FROM charge c WHERE c.delivery_id = ?1 AND "
			       "c.kind = ?2) WHERE delivery_id = ?1 AND kind = ?2 AND n = 0",
#define CHARGE_COLUMNS "kind, account_id, currency, amount, posted, tax_ppm, pay_on, windows "
	[SQL_CHARGES_LIVE] = "SELECT " CHARGE_COLUMNS "FROM charge WHERE delivery_id = ?1 AND n = 0 AND state = 0 "
			     "ORDER BY kind",
	[SQL_CHARGES_PAID] = "SELECT " CHARGE_COLUMNS "FROM charge WHERE delivery_id = ?1 AND n = 0 AND state = 1 AND "
			     "pay_on = 1 AND posted > 0 ORDER BY kind",
	[SQL_CHARGE_PAID] = "SELECT " CHARGE_COLUMNS "FROM charge WHERE delivery_id = ?1 AND n = 0 AND state = 1 AND "
			    "kind = ?2",
	[SQL_CHARGE_FIRST] = "SELECT state, amount, max_amount, units, deadline_us, account_id, currency, version, "
			     "posted, kind FROM charge WHERE delivery_id = ?1 AND n = 0 ORDER BY state, kind LIMIT 1",
	[SQL_CHARGE_LIMITS] = "SELECT deadline_us, bearers FROM charge WHERE delivery_id = ?1 AND n = 0 AND state = 0",
	[SQL_CHARGE_END] = "UPDATE charge SET state = ?3, posted = ?4, done_us = ?5 WHERE delivery_id = ?1 AND kind = "
			   "?2 AND n = 0 AND state = 0",
	[SQL_POSTING_PUT] = "INSERT INTO posting (id, delivery_id, reverses, created_us) VALUES (?1, ?2, ?3, ?4)",
	[SQL_POSTING_GET] = "SELECT reverses FROM posting WHERE id = ?1",
	[SQL_POSTING_REVERSES] = "SELECT id FROM posting WHERE reverses = ?1",
	[SQL_ENTRY_PUT] = "INSERT INTO entry (posting_id, line, debit, credit, amount) VALUES (?1, ?2, ?3, ?4, ?5)",
	[SQL_ENTRY_SUM] = "SELECT sum(amount), max(debit = ?2), max(credit = ?3) FROM entry WHERE posting_id = ?1",
	[SQL_REFUNDED] =
		"SELECT sum(e.amount) FROM posting p JOIN entry e ON e.posting_id = p.id WHERE p.reverses = ?1",
	[SQL_DAY_ADD] = "INSERT INTO day_sum (account_id, day, amount, entries) VALUES (?1, ?2, ?3, ?4) ON CONFLICT "
			"(account_id, day) DO UPDATE SET amount = amount + excluded.amount, entries = entries + "
			"excluded.entries",
	[SQL_WARNED] = "INSERT OR IGNORE INTO fact (kind, key, value, until_us) VALUES ('cap warning', ?1, x'', ?2)",
	[SQL_SUM_ACCOUNTS] = "SELECT currency, sum(posted), sum(held) FROM account WHERE kind = 0 GROUP BY currency",
	[SQL_SUM_ENTRIES] = "SELECT a.currency, sum(l.amount), sum(CASE WHEN a.kind = 0 THEN l.amount ELSE 0 END) "
			    "FROM entry_line l JOIN account a ON a.id = l.account_id GROUP BY a.currency",
	[SQL_SUM_CHARGES] = "SELECT currency, sum(amount) FROM charge WHERE state = 0 GROUP BY currency",
	/* Accounts whose columns disagree with their days or their open charges, one by one. */
	[SQL_SUM_WRONG] =
		"SELECT count(*) FROM account a LEFT JOIN (SELECT account_id, sum(amount) AS open FROM charge "
		"WHERE state = 0 GROUP BY account_id) c ON c.account_id = a.id WHERE a.kind = 0 AND "
		"(a.held <> coalesce(c.open, 0) OR a.posted <> coalesce((SELECT sum(d.amount) FROM day_sum d "
		"WHERE d.account_id = a.id), 0))",
	[SQL_SUM_CDRS] = "SELECT coalesce(max(seq) - min(seq) + 1, 0) - count(*) FROM cdr WHERE seq IS NOT NULL",
};
