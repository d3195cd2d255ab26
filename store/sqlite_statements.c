/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts of the statements. Parameters are numbered; ?1 is the key. */
#include "store/sqlite_statements.h"

#define ROW_COLUMNS \
	"d.id, d.recipient, d.lane, d.route, d.bearer, d.state, d.doubt, d.cancel, d.parked, d.attempt, d.epoch, " \
	"d.due_us, d.deadline_us, d.lease_us, d.outcome, d.final_us, d.trail, m.channel, m.sender, m.text, " \
	"m.account_id, m.accepted_us, m.expires_us, m.header "
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
	[SQL_LIVE_GET] =
		"SELECT state, epoch, lane, doubt, cancel, parked, length(trail), outcome, rowid FROM delivery "
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
	[SQL_WIRE_GET] = "SELECT delivery_id, n, outcome FROM wire WHERE peer = ?1 AND wire_id = ?2",
	[SQL_WIRE_PUT] = "INSERT OR IGNORE INTO wire (peer, wire_id, delivery_id, n, outcome, until_us) "
			 "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_WIRE_TAKE] = "UPDATE wire SET delivery_id = ?3, n = ?4, until_us = ?5 WHERE peer = ?1 AND wire_id = ?2 "
			  "AND delivery_id IS NULL",
	[SQL_WIRE_OUTCOME] = "UPDATE wire SET outcome = max(coalesce(outcome, 0), ?3) WHERE peer = ?1 AND wire_id = ?2",
	/* Failed segments outrank delivered ones once all are in: the worst counts. */
	[SQL_WIRE_WORST] = "SELECT count(*), sum(coalesce(outcome, 0) > 1), min(CASE WHEN outcome > 1 THEN outcome "
			   "END) FROM wire WHERE delivery_id = ?1",
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
	[SQL_OUTBOX_DUE_ALL] = "SELECT id, target, kind, body, due_us FROM outbox WHERE done_us IS NULL AND "
			       "due_us <= ?2 AND ?1 = '' ORDER BY due_us LIMIT ?3",
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
	[SQL_SCAN] = ROW_SELECT "WHERE (?1 = '' OR d.route = ?1) AND (?2 = '' OR d.recipient = ?2) AND (?3 < 0 OR "
				"d.state = ?3) ORDER BY d.id DESC LIMIT ?4",
	[SQL_ROUTES] = "SELECT route, count(*), min(CASE WHEN parked = 0 THEN due_us END) FROM delivery "
		       "WHERE state = 0 AND parked < 2 GROUP BY route",
	[SQL_TARGETS] = "SELECT target, count(*), min(due_us) FROM outbox WHERE done_us IS NULL GROUP BY target",
	[SQL_LANES] = "SELECT lane FROM delivery WHERE state = 0 AND parked < 2 AND lane IS NOT NULL UNION ALL "
		      "SELECT lane FROM delivery WHERE lease_us > 0 AND state = 1 AND lane IS NOT NULL",
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
	[SQL_PRUNE_WIRE] = "DELETE FROM wire WHERE rowid IN (SELECT rowid FROM wire WHERE until_us < ?1 ORDER BY "
			   "until_us LIMIT ?2)",
	[SQL_PRUNE_FACT] = "DELETE FROM fact WHERE rowid IN (SELECT rowid FROM fact WHERE until_us <= ?1 ORDER BY "
			   "until_us LIMIT ?2)",
	[SQL_PRUNE_CHARGE] = "DELETE FROM charge WHERE rowid IN (SELECT rowid FROM charge WHERE delivery_id < ?1 AND "
			     "state >= 2 ORDER BY delivery_id LIMIT ?2)",
};
