-- SPDX-License-Identifier: GPL-2.0-or-later
-- What the report reads. Hashes of the row's number stand for chance.
CREATE EXTENSION pg_prewarm;

CREATE TABLE sales (id int, customer int, product int, day date,
		    quantity int, price numeric(10, 2));
INSERT INTO sales
SELECT i, (hashint4(i) & 2147483647) % 38000,
       (hashint4(i + 7) & 2147483647) % 2000,
       date '2025-01-01' + (hashint4(i * 3) & 2147483647) % 365,
       1 + (hashint4(i * 5) & 2147483647) % 9,
       ((hashint4(i * 11) & 2147483647) % 100000) / 100.0
  FROM generate_series(1, 64000) i;
VACUUM (FREEZE, ANALYZE);

-- Reports are few and large: they may use what a transaction may not.
CREATE ROLE report LOGIN;
GRANT SELECT ON sales TO report;
ALTER ROLE report SET work_mem = '256MB';
ALTER ROLE report SET hash_mem_multiplier = 4;
CHECKPOINT;
