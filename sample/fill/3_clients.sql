-- Two catalogues that overlap: 59 % of the clients are in the global one only, 12 % in both, 28 % in the digital one
-- only, 1 % in neither. Both hold some clients twice.

-- Names that have broken programs. Each is among the large clients where dirt is in plain sight, and again further
-- down; else among the late ones, who bought little.
CREATE TABLE plan.odd_persons (odd bigint, given text, paternal text, maternal text, email text);
INSERT INTO plan.odd_persons VALUES
    ( 1, 'NA',                        'NA',              'NA',      'na@example.com'),
    ( 2, 'null',                      'Null',            'NULL',    'null@example.com'),
    ( 3, 'None',                      'López',           'none',    'NONE'),
    ( 4, 'nan',                       'NaN',             NULL,      'nan@example.com'),
    ( 5, 'Ana 🚀',                    'García',          '👩‍💻',     'ana.rocket@example.com'),
    ( 6, 'Luis "el Rápido"',          'O''Neill',        '"',       '"luis"@example.com'),
    ( 7, E'Marta\nMaría',             E'Ruiz\r\nSanz',   'Costa',   E'marta@example.com\n'),
    ( 8, 'García, Pedro',             'Núñez, Hijo',     ',',       'pedro,garcia@example.com'),
    ( 9, '<script>alert(1)</script>', '<b>Romero</b>',   '&amp;',   'script@example.com'),
    (10, E'C:\\new\\table',           E'\\N',            E'\\.',    E'back\\slash@example.com'),
    (11, NULL,                        NULL,              NULL,      NULL),
    (12, '',                          '',                '',        ''),
    (13, '  Zoë ',                    ' da  Silva',      'Vidal  ', ' Zoe.Silva@Example.COM '),
    (14, 'BEATRIZ',                   'CASTRO',          'RUIZ',    'BEATRIZ@EXAMPLE.COM'),
    (15, 'hugo',                      'ortega',          'blanco',  ' '),
    (16, E'Olga\t',                   E'Nova\u0301k',    U&'\00a0', 'olga@example.com;olga@example.net'),
    (17, '=1+1',                      '@SUM(A1:A9)',     '-2',      '+cmd@example.com'),
    (18, U&'\0639\0644\064A',         U&'\738B',         NULL,      U&'\0645@example.com'),
    (19, repeat('Maximiliana ', 30),  'Iglesias',        'Serra',   repeat('m', 64) || '@example.com'),
    (20, '1984',                      '007',             '1e5',     '00123'),
    (21, 'true',                      'False',           '-',       'not an address'),
    (22, 'Robert''); DROP TABLE',     ';--',             '%s',      'robert@example.com');

CREATE TABLE plan.persons AS
WITH drawn AS (
    SELECT client_id,
           -- An odd person is in a catalogue, or nobody would meet him.
           greatest(plan.u(80, client_id), CASE WHEN client_id <= 26 OR client_id > late THEN 0.02 ELSE 0 END) AS place,
           plan.u(84, client_id) AS u_mail,
           plan.u(85, client_id) AS u_since,
           plan.u(86, client_id) AS u_country,
           plan.pick(ARRAY['Ana', 'Luis', 'Marta', 'João', 'Iñaki', 'Núria', 'Pedro', 'Zoë', 'Inês', 'Tomás', 'Li',
                           'Chloé', 'Giulia', 'Ahmed', 'Olga', 'Søren', 'Łukasz', 'Beatriz', 'Hugo', 'Vera'],
                     plan.u(81, client_id)) AS given,
           plan.pick(ARRAY['García', 'López', 'Núñez', 'Ferreira', 'O''Neill', 'Etxeberria', 'da Silva', 'Muñoz',
                           'Rossi', 'Müller', 'Dubois', 'Novák', 'Castro', 'Ortega', 'Iglesias', 'Wang'],
                     plan.u(82, client_id)) AS paternal,
           plan.pick(ARRAY['Pérez', 'Sánchez', 'Costa', 'Romero', 'Vidal', 'Ruiz', 'Blanco', 'Serra', NULL, NULL],
                     plan.u(83, client_id)) AS maternal
    FROM generate_series(1, plan.clients()) AS client_id,
         (SELECT greatest(4, plan.clients() - 30) AS late) AS l
    OFFSET 0
),
spelled AS (
    SELECT d.client_id, place, u_mail, u_country,
           CASE WHEN o.odd IS NOT NULL THEN o.given    WHEN u_since < 0.02 * dirt THEN upper(d.given)
                WHEN u_since < 0.04 * dirt THEN ' ' || d.given ELSE d.given END                      AS given,
           CASE WHEN o.odd IS NOT NULL THEN o.paternal WHEN u_since > 1 - 0.02 * dirt THEN NULL
                WHEN u_since > 1 - 0.04 * dirt THEN d.paternal || ' ' ELSE d.paternal END                AS paternal,
           CASE WHEN o.odd IS NOT NULL THEN o.maternal ELSE d.maternal END                    AS maternal,
           CASE WHEN o.odd IS NOT NULL THEN o.email    WHEN u_mail < 0.05 * dirt THEN NULL
                WHEN u_mail < 0.08 * dirt THEN ''
                WHEN u_mail < 0.10 * dirt THEN ' Client' || d.client_id || '@Example.com'
                WHEN u_mail < 0.12 * dirt THEN 'client' || d.client_id || '@example.com '
                ELSE 'client' || d.client_id || '@example.'
                     || plan.pick(ARRAY['com', 'net', 'org'], u_since) END                       AS email,
           CASE WHEN u_country < 1 - 0.4 * dirt
                THEN plan.pick(ARRAY['ES', 'ES', 'ES', 'ES', 'PT', 'PT', 'FR', 'MX'], u_country / (1 - 0.4 * dirt))
                ELSE plan.pick(ARRAY['es ', 'Spain', '', NULL], (u_country - (1 - 0.4 * dirt)) / (0.4 * dirt)) END
                                                                                                 AS country,
           -- Known by the time that plan.days lets the client buy.
           (plan.start() + floor(greatest(0, (d.client_id::float8 / plan.clients() - 0.3) / 0.7) * 1400)::integer
            - floor(u_since * 200)::integer + 1) + floor(u_mail * 86400) * interval '1 second'              AS since
    FROM drawn AS d
    CROSS JOIN (SELECT plan.dirt() AS dirt) AS how
    LEFT JOIN plan.odd_persons AS o
           ON o.odd = CASE WHEN dirt < 1 THEN d.client_id - greatest(4, plan.clients() - 22)
                           WHEN d.client_id BETWEEN 5 AND 26 THEN d.client_id - 4
                           ELSE d.client_id % (5 * plan.rare()) END
)
SELECT * FROM spelled;

INSERT INTO clients.global_clients
SELECT client_id, given, paternal, maternal, email, country,
       CASE WHEN u_country < 0.99 OR place < 0.3 THEN plan.known(since AT TIME ZONE 'Europe/Madrid') END,
       plan.known(since AT TIME ZONE 'Europe/Madrid')
FROM plan.persons WHERE place BETWEEN 0.01 * plan.dirt() AND 0.72;

INSERT INTO clients.digital_clients
SELECT client_id,
       CASE WHEN place < 0.72 AND u_mail > 0.5 THEN left(given, 1) || '.' ELSE given END,
       CASE WHEN place < 0.72 AND u_mail < 0.3 THEN upper(paternal) ELSE paternal END,
       CASE WHEN place < 0.72 THEN NULL ELSE maternal END,
       CASE WHEN place < 0.72 AND u_mail > 0.9 THEN 'other' || client_id || '@example.com' ELSE email END,
       lower(country),
       CASE WHEN u_country < 0.99 THEN least(since + interval '3 days', plan.now() AT TIME ZONE 'Europe/Madrid') END,
       plan.known((since + interval '3 days') AT TIME ZONE 'Europe/Madrid')
FROM plan.persons WHERE place > 0.60;


-- --------------------------------------------------------------------------- the same client twice within a catalogue
INSERT INTO clients.global_clients
SELECT client_id,
       CASE WHEN client_id % 2 = 0 THEN given_name ELSE upper(given_name) END,
       paternal_name,
       maternal_name,
       CASE WHEN client_id % 3 = 0 THEN 'new' || client_id || '@example.com' ELSE email END,
       country,
       registered_at + CASE WHEN client_id % 4 = 0 THEN interval '0' ELSE interval '-40 days' END,
       updated_at
FROM clients.global_clients WHERE client_id % 43 = 1 AND plan.u(87, client_id) < plan.dirt() OR client_id IN (6, 9, 31);

INSERT INTO clients.digital_clients
SELECT client_id, given_name, paternal_name || ' (2)', maternal_name, email, country, signed_up_at - interval '15 days',
       updated_at
FROM clients.digital_clients WHERE client_id % 37 = 2 AND plan.u(88, client_id) < plan.dirt() OR client_id IN (6, 9, 31);

CREATE INDEX global_clients_by_change ON clients.global_clients (updated_at);
CREATE INDEX global_clients_by_id ON clients.global_clients (client_id);
CREATE INDEX digital_clients_by_change ON clients.digital_clients (updated_at);
