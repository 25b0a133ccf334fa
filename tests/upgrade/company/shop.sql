-- A tiny company's database: with a NULL, an orphan, a doubled key, a price that is none, and a row that is a test.
CREATE TABLE shops (shop_id INTEGER, name TEXT, parent_id INTEGER);
INSERT INTO shops VALUES (7, 'Madrid', NULL), (3, 'Málaga', 7), (5, 'NA', 7), (9, '', NULL);

CREATE TABLE customers (customer_no TEXT, country TEXT, mail TEXT, registered_at TEXT);
INSERT INTO customers VALUES
    ('C-10', 'ES', 'a@example.com', '2026-01-05 10:00:00'),
    ('C-11', 'FR', NULL, '2026-02-05 10:00:00'),
    ('C-11', 'PT', 'b@example.com', '2026-03-05 10:00:00'),
    ('C-12', 'ES', 'c, "d"' || char(10) || 'e', '2026-03-06 10:00:00');

CREATE TABLE sales (sale_id INTEGER, shop_id INTEGER, customer_no TEXT, sold_on TEXT, price TEXT, kind TEXT);
INSERT INTO sales VALUES
    (1, 7, 'C-10', '2026-01-31', '10.25', 'sale'),
    (2, 3, 'C-11', '2026-02-01', '0.10', 'sale'),
    (3, 3, NULL, '2026-02-02', '99999.99', 'sale'),
    (4, 42, 'C-12', '2026-02-28', '3.00', 'sale'),
    (5, 5, 'C-12', '2026-03-01', '-1.00', 'sale'),
    (6, 9, 'C-10', '2026-03-02', '7.77', 'test'),
    (7, 7, 'C-10', '2026-03-02', '1000.00', 'sale'),
    (8, 7, 'C-12', '2019-12-31', '55.55', 'sale');
