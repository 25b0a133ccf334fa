-- A schema as strangers have it: reserved words, blanks, umlauts, composite keys, roles, a tree, no keys, nothing in it.
CREATE SCHEMA "Sales Dept";
CREATE SCHEMA archive;
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TABLE "Sales Dept"."Kunde" (
    "KundenNr" varchar(8) PRIMARY KEY, "Größe (cm)" numeric(5,1), "class" text, "E-Mail" text, "from" date,
    "kunde_key" int, parent varchar(8) REFERENCES "Sales Dept"."Kunde", "schema" text, measure int, "Text" text);
COMMENT ON TABLE "Sales Dept"."Kunde" IS 'Who buys: "the client"
of several lines';
COMMENT ON COLUMN "Sales Dept"."Kunde"."class" IS 'A, B or C \ "none"';
CREATE TABLE region (country char(2), code int, name text, PRIMARY KEY (country, code));
CREATE TABLE airport (code char(3) PRIMARY KEY, name text NOT NULL);
CREATE TABLE "order" (
    id bigint PRIMARY KEY, "user" text, "Kunde" varchar(8) REFERENCES "Sales Dept"."Kunde",
    ship_country char(2), ship_code int, bill_country char(2), bill_code int,
    origin char(3) REFERENCES airport, dest char(3) REFERENCES airport,
    amount numeric, huge numeric(50,10), odd numeric(3,-2), price money, rate double precision, weight real,
    placed timestamp, paid timestamptz, due date, at_time time, zoned timetz, took interval, is_new boolean,
    tint colour, tags text[], doc jsonb, raw bytea, ip inet, u uuid, span int4range, note text, "select" int,
    replaces bigint REFERENCES "order",
    FOREIGN KEY (ship_country, ship_code) REFERENCES region, FOREIGN KEY (bill_country, bill_code) REFERENCES region);
CREATE TABLE archive."order" (LIKE "order");
CREATE TABLE empty_one (a int, b text, at timestamp);
CREATE TABLE no_key (a int, b text, j json, c date);
CREATE TABLE "100 % :strange" ("col:on" int, "per%cent" int, "2020" int, "  " int, "a""b" int, "Ä" int, "ä" int);
CREATE VIEW of_view AS SELECT id, amount FROM "order";
INSERT INTO "Sales Dept"."Kunde" VALUES
    ('K1', 180.5, 'A', 'a@b.c', '2020-01-01', 7, NULL, 's', 1, 't'), ('K2', NULL, 'B', NULL, 'infinity', 8, 'K1', 's', 2, 't');
INSERT INTO region VALUES ('DE', 1, 'Nord'), ('DE', 2, 'Süd'), ('ES', 1, 'Norte');
INSERT INTO airport VALUES ('MAD', 'Madrid'), ('BER', 'Berlin');
INSERT INTO "order"
SELECT n, 'u' || n, 'K' || 1 + n % 2, 'DE', 1 + n % 2, 'ES', 1, 'MAD', 'BER',
    CASE n % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN 1.12345678901234 ELSE n / 4.0 END, 12345.678 * n, 1200, n::money,
    CASE n % 3 WHEN 0 THEN 'NaN' ELSE n / 3.0 END, 'Infinity',
    CASE n % 4 WHEN 0 THEN 'infinity'::timestamp WHEN 1 THEN '9999-12-31 23:59:59' ELSE '2024-02-29 10:00' END, '2024-03-31 01:30+00',
    CASE n % 7 WHEN 0 THEN '20240-01-01'::date WHEN 1 THEN '9999-12-31' ELSE '2024-12-31' END,
    CASE n % 2 WHEN 0 THEN '24:00'::time ELSE '08:30' END, '08:30+02', '1 day 2 hours', n % 2 = 0, 'red',
    ARRAY['a', 'b'], '{"a": 1}', '\x00ff', '10.0.0.1', gen_random_uuid(), '[1,3)',
    CASE n WHEN 3 THEN U&'\FEFFa' WHEN 4 THEN repeat('x', 40000) ELSE E'line\nbreak' END, n, NULLIF(n - 1, 0)
FROM generate_series(1, 300) AS n;
INSERT INTO archive."order" SELECT * FROM "order";
INSERT INTO no_key SELECT 1, 'same', '{}', '2024-01-01' FROM generate_series(1, 3);
INSERT INTO no_key VALUES (NULL, NULL, NULL, NULL);
INSERT INTO "100 % :strange" SELECT n, n, n, n, n, n, n FROM generate_series(1, 30) AS n;
