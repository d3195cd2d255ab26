-- SPDX-License-Identifier: GPL-3.0-or-later
-- Schema version 3: reports that came before the id they name, each under all forms in which that id may still come
-- (n = 0 the likeliest), with the addresses that say whose it is. They were rows of `wire` without a delivery.
CREATE TABLE early (peer TEXT NOT NULL, first_id TEXT NOT NULL, n SMALLINT NOT NULL, wire_id TEXT NOT NULL,
  source TEXT NOT NULL, destination TEXT NOT NULL, sure SMALLINT NOT NULL,  -- 1: the first form counts without an address
  outcome SMALLINT NOT NULL, until_us BIGINT NOT NULL, PRIMARY KEY (peer, first_id, n));
CREATE INDEX early_wire ON early(peer, wire_id);
CREATE INDEX early_until ON early(until_us) WHERE n = 0;
INSERT INTO early (peer, first_id, n, wire_id, source, destination, sure, outcome, until_us)
  SELECT peer, wire_id, 0, wire_id, '', '', 1, coalesce(outcome, 1), until_us FROM wire WHERE delivery_id IS NULL;
DELETE FROM wire WHERE delivery_id IS NULL;
