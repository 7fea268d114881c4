-- SPDX-License-Identifier: GPL-2.0-or-later
SELECT pg_prewarm(oid) FROM pg_class
 WHERE relname IN ('pgbench_accounts', 'pgbench_accounts_pkey', 'sales');
