-- SPDX-License-Identifier: GPL-3.0-or-later
-- Schema version 4, SQLite alone: fewer trees per message. A wire id is one row of its own key; only the segments of
-- long messages are looked up by their delivery. A CDR's number is its row's, since here it is given at the write.
CREATE TABLE wire_new (peer TEXT NOT NULL, wire_id TEXT NOT NULL, delivery_id BLOB NOT NULL, n SMALLINT NOT NULL,
  parts SMALLINT NOT NULL, outcome SMALLINT, until_us BIGINT NOT NULL, PRIMARY KEY (peer, wire_id)) WITHOUT ROWID;
INSERT INTO wire_new (peer, wire_id, delivery_id, n, parts, outcome, until_us)
  SELECT w.peer, w.wire_id, w.delivery_id, coalesce(w.n, 1),
    (SELECT count(*) FROM wire o WHERE o.delivery_id = w.delivery_id), w.outcome, w.until_us FROM wire w;
DROP TABLE wire;
ALTER TABLE wire_new RENAME TO wire;
CREATE INDEX wire_until ON wire(until_us);
CREATE INDEX wire_delivery ON wire(delivery_id) WHERE parts > 1;
CREATE TABLE cdr_new_table (seq INTEGER PRIMARY KEY, delivery_id BLOB NOT NULL, kind SMALLINT NOT NULL,
  n SMALLINT NOT NULL DEFAULT 0, body TEXT NOT NULL, created_us BIGINT NOT NULL, chain BLOB NOT NULL,
  UNIQUE (delivery_id, kind, n));
INSERT INTO cdr_new_table (seq, delivery_id, kind, n, body, created_us, chain)
  SELECT seq, delivery_id, kind, n, body, created_us, chain FROM cdr WHERE seq IS NOT NULL ORDER BY seq;
DROP TABLE cdr;
ALTER TABLE cdr_new_table RENAME TO cdr;
