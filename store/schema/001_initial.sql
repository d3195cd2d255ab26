-- SPDX-License-Identifier: GPL-3.0-or-later
-- Schema version 1. Runs unchanged on SQLite 3.40 and, after CREATE DOMAIN blob AS bytea, on PostgreSQL 15.
-- who may write, and money
CREATE TABLE fence (name TEXT PRIMARY KEY, epoch BIGINT NOT NULL);
CREATE TABLE mark (name TEXT PRIMARY KEY, seq BIGINT NOT NULL);          -- high-water marks: CDR acknowledged, clock
CREATE TABLE account (id BLOB PRIMARY KEY, kind SMALLINT NOT NULL, currency TEXT NOT NULL,
  posted BIGINT NOT NULL DEFAULT 0, held BIGINT NOT NULL DEFAULT 0 CHECK (held >= 0),
  credit BIGINT NOT NULL DEFAULT 0 CHECK (credit >= 0),
  CHECK (kind <> 0 OR posted + credit - held >= 0), CHECK (kind = 0 OR (posted = 0 AND held = 0)));
CREATE TABLE subscriber (address TEXT PRIMARY KEY, account_id BLOB NOT NULL, profile TEXT NOT NULL, policy BLOB NOT NULL);
CREATE TABLE cap_use (account_id BLOB NOT NULL, kind SMALLINT NOT NULL, from_us BIGINT NOT NULL, until_us BIGINT NOT NULL,
  cap BIGINT NOT NULL, wanted BIGINT NOT NULL, posted BIGINT NOT NULL DEFAULT 0, held BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, kind, from_us), CHECK (held >= 0 AND posted >= 0 AND posted + held <= cap));
CREATE TABLE consent (id BLOB PRIMARY KEY, account_id BLOB NOT NULL, bearers TEXT NOT NULL, max_each BIGINT NOT NULL,
  from_us BIGINT NOT NULL, until_us BIGINT NOT NULL, revoked_us BIGINT, proof BLOB NOT NULL);
CREATE INDEX consent_account ON consent(account_id);
CREATE TABLE price_version (id BIGINT PRIMARY KEY, currency TEXT NOT NULL, from_us BIGINT NOT NULL, hash BLOB NOT NULL);
CREATE TABLE price (version BIGINT NOT NULL REFERENCES price_version(id), bearer TEXT NOT NULL, prefix TEXT NOT NULL,
  unit TEXT NOT NULL, upto BIGINT NOT NULL, amount BIGINT NOT NULL CHECK (amount >= 0), tax_ppm BIGINT NOT NULL,
  pay_on SMALLINT NOT NULL, PRIMARY KEY (version, bearer, prefix, unit, upto));
-- messages
CREATE TABLE blob_ref (hash BLOB PRIMARY KEY, size BIGINT NOT NULL, place TEXT NOT NULL, bytes BLOB,
  seen_us BIGINT NOT NULL);
CREATE INDEX blob_seen ON blob_ref(seen_us);
CREATE TABLE message (id BLOB PRIMARY KEY CHECK (length(id) = 16), channel TEXT NOT NULL, sender TEXT NOT NULL,
  account_id BLOB NOT NULL, idem_key BLOB, accepted_us BIGINT NOT NULL, expires_us BIGINT NOT NULL,
  header BLOB NOT NULL, text BLOB);
CREATE TABLE part (message_id BLOB NOT NULL REFERENCES message(id), n SMALLINT NOT NULL, media TEXT NOT NULL,
  name TEXT, hash BLOB NOT NULL, PRIMARY KEY (message_id, n));
CREATE INDEX part_hash ON part(hash);
CREATE TABLE delivery (id BLOB PRIMARY KEY CHECK (length(id) = 16),   -- message id with the recipient's number in the last two octets
  recipient TEXT NOT NULL, lane BIGINT, route TEXT NOT NULL, bearer TEXT NOT NULL,
  state SMALLINT NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2, 3)),     -- 0 waiting, 1 leased, 2 finished, 3 handed over
  doubt SMALLINT NOT NULL DEFAULT 0, cancel SMALLINT NOT NULL DEFAULT 0,
  attempt BIGINT NOT NULL DEFAULT 0, epoch BIGINT NOT NULL DEFAULT 0,
  due_us BIGINT NOT NULL, parked SMALLINT NOT NULL DEFAULT 0,          -- 1 behind another of its lane, 2 on HOLD (due_us: until)
  deadline_us BIGINT NOT NULL, worker TEXT, lease_us BIGINT NOT NULL DEFAULT 0,   -- end of lease or of the wait for a report
  outcome SMALLINT, final_us BIGINT, trail BLOB NOT NULL);
CREATE INDEX delivery_due ON delivery(route, parked, due_us, id, lane, state) WHERE state = 0;
CREATE INDEX delivery_watch ON delivery(lease_us, id) WHERE lease_us > 0;
CREATE INDEX delivery_deadline ON delivery(deadline_us, id) WHERE state = 0;
CREATE INDEX delivery_lane ON delivery(lane, id, parked, state) WHERE state = 0 AND parked = 1;
CREATE UNIQUE INDEX delivery_head ON delivery(lane) WHERE state < 2 AND parked = 0 AND lane IS NOT NULL;     -- one head per lane
CREATE TABLE wake (key TEXT NOT NULL, delivery_id BLOB NOT NULL REFERENCES delivery(id), PRIMARY KEY (key, delivery_id));
CREATE INDEX wake_delivery ON wake(delivery_id);
CREATE TABLE wire (peer TEXT NOT NULL, wire_id TEXT NOT NULL, delivery_id BLOB, n SMALLINT, outcome SMALLINT,
  until_us BIGINT NOT NULL, PRIMARY KEY (peer, wire_id));             -- delivery_id NULL: a report that came first
CREATE INDEX wire_until ON wire(until_us);
CREATE INDEX wire_delivery ON wire(delivery_id);
-- promise and reservation in one row (only where the maximum is above 0), and the postings
CREATE TABLE charge (delivery_id BLOB NOT NULL, kind SMALLINT NOT NULL, n SMALLINT NOT NULL DEFAULT 0,
  account_id BLOB NOT NULL, bearers TEXT NOT NULL, max_amount BIGINT NOT NULL CHECK (max_amount > 0),
  currency TEXT NOT NULL, version BIGINT NOT NULL, units BIGINT NOT NULL, tax_ppm BIGINT NOT NULL, pay_on SMALLINT NOT NULL,
  given_us BIGINT NOT NULL, until_us BIGINT NOT NULL, consent_id BLOB, proof BLOB NOT NULL, windows BLOB,
  amount BIGINT NOT NULL CHECK (amount BETWEEN 0 AND max_amount), posted BIGINT NOT NULL DEFAULT 0 CHECK (posted BETWEEN 0 AND amount),
  state SMALLINT NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2, 3)),     -- 0 held, 1 posted, 2 voided, 3 expired
  deadline_us BIGINT NOT NULL, done_us BIGINT,
  PRIMARY KEY (delivery_id, kind, n), CHECK (n = 0 OR state >= 2));    -- n = 0: the live one; older ones move up
CREATE TABLE posting (id BLOB PRIMARY KEY, delivery_id BLOB, reverses BLOB UNIQUE, created_us BIGINT NOT NULL);
CREATE TABLE entry (posting_id BLOB NOT NULL, line SMALLINT NOT NULL, debit BLOB NOT NULL, credit BLOB NOT NULL,
  amount BIGINT NOT NULL CHECK (amount > 0), CHECK (debit <> credit), PRIMARY KEY (posting_id, line));
CREATE VIEW entry_line AS SELECT posting_id, debit AS account_id, -amount AS amount FROM entry
  UNION ALL SELECT posting_id, credit, amount FROM entry;
CREATE TABLE day_sum (account_id BLOB NOT NULL, day BIGINT NOT NULL, amount BIGINT NOT NULL, entries BIGINT NOT NULL,
  PRIMARY KEY (account_id, day));                                       -- one write per account and batch, never per message
-- records, work for others, repeats, what channels remember
CREATE TABLE cdr (delivery_id BLOB NOT NULL, kind SMALLINT NOT NULL, n SMALLINT NOT NULL DEFAULT 0, body TEXT NOT NULL, created_us BIGINT NOT NULL,
  seq BIGINT UNIQUE, chain BLOB, PRIMARY KEY (delivery_id, kind, n));
CREATE INDEX cdr_new ON cdr(delivery_id, kind, n) WHERE seq IS NULL;
CREATE TABLE outbox (id BLOB PRIMARY KEY, target TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL,
  due_us BIGINT NOT NULL, done_us BIGINT);
CREATE INDEX outbox_due ON outbox(target, due_us) WHERE done_us IS NULL;
CREATE INDEX outbox_done ON outbox(done_us) WHERE done_us IS NOT NULL;
CREATE TABLE idem (key BLOB PRIMARY KEY CHECK (length(key) = 16), body_hash BLOB NOT NULL, code SMALLINT NOT NULL, message_id BLOB,
  answer BLOB, created_us BIGINT NOT NULL);
CREATE INDEX idem_created ON idem(created_us);
CREATE TABLE fact (kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, until_us BIGINT NOT NULL,
  PRIMARY KEY (kind, key));
CREATE INDEX fact_until ON fact(until_us);
