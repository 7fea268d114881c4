-- SPDX-License-Identifier: GPL-2.0-or-later
-- The best customers with all they bought: a hash table of some 110 MiB
SELECT customer, count(*), sum(quantity * price) AS value,
       string_agg(product::text, ',') AS products,
       string_agg(quantity::text, ',') AS quantities,
       array_agg(price) AS prices, array_agg(day) AS days
  FROM sales GROUP BY customer ORDER BY value DESC LIMIT 100;
-- and each product's best sales: a sort in memory.
SELECT product, avg(price), max(nr)
  FROM (SELECT product, price,
	       rank() OVER (PARTITION BY product ORDER BY price DESC) AS nr
	  FROM sales) AS ranked
 WHERE nr <= 10 GROUP BY product ORDER BY 2 DESC;
