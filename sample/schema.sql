-- The sample company's source database: what a grown business system looks like.
-- `sales`, `clients`, `catalogue`, `people`, `usage`, `web` are current; `legacy` is the outdated schema:
-- other names, dates as text, no keys. What the tables mean is told in queries/*.sql and tables/*.py.
-- updated_at, in every table: when the row was last written.

CREATE SCHEMA catalogue;
CREATE SCHEMA people;
CREATE SCHEMA clients;
CREATE SCHEMA sales;
CREATE SCHEMA usage;
CREATE SCHEMA web;
CREATE SCHEMA legacy;

CREATE TABLE catalogue.products (
    product_id   integer PRIMARY KEY,
    name         text,
    category     text,
    updated_at   timestamptz NOT NULL DEFAULT now()
);

-- One edition of a product. A closing date in the future, or none yet: the edition is open.
CREATE TABLE catalogue.deployments (
    product_id   integer NOT NULL,
    edition      integer NOT NULL,
    name         text,
    opened_on    date NOT NULL,
    closes_on    date,
    unit_price   numeric(12,2) NOT NULL,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product_id, edition)
);

CREATE TABLE people.offices (
    office_id    integer PRIMARY KEY,
    name         text,
    region       text,
    opened_on    date,
    updated_at   timestamptz NOT NULL DEFAULT now()
);

-- office_id is the office on joining; people.office_changes tells every later move.
CREATE TABLE people.team_members (
    team_member_id integer PRIMARY KEY,
    given_name     text,
    paternal_name  text,
    maternal_name  text,
    email          text,
    office_id      integer,
    joined_on      date,
    left_on        date,
    updated_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE people.office_changes (
    team_member_id integer NOT NULL,
    office_id      integer NOT NULL,
    changed_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL DEFAULT now()
);

-- Whoever is not listed here is a TEAM_MEMBER.
CREATE TABLE people.special_members (
    team_member_id integer NOT NULL,
    role           text NOT NULL,
    updated_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE clients.global_clients (
    client_id     bigint NOT NULL,
    given_name    text,
    paternal_name text,
    maternal_name text,
    email         text,
    country       text,
    registered_at timestamptz,
    updated_at    timestamptz NOT NULL DEFAULT now()
);

-- Times without a zone are business time.
CREATE TABLE clients.digital_clients (
    client_id     bigint NOT NULL,
    given_name    text,
    paternal_name text,
    maternal_name text,
    email         text,
    country       text,
    signed_up_at  timestamp,
    updated_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sales.channels (
    channel_code  text PRIMARY KEY,
    name          text,
    is_digital    boolean NOT NULL,
    updated_at    timestamptz NOT NULL DEFAULT now()
);

-- status: 1 open, 2 signed, 3 cancelled, 6 paid, 9 returned; order_kind 34 is a test.
CREATE TABLE sales.contracts (
    contract_id    bigint PRIMARY KEY,
    client_id      bigint,
    product_id     integer,
    edition        integer,
    team_member_id integer,
    channel_code   text,
    instances      integer,
    unit_price     numeric(12,2),
    status         smallint,
    order_kind     smallint,
    contracted_at  timestamptz,
    returned_at    timestamptz,
    updated_at     timestamptz NOT NULL DEFAULT now()
);

-- Until the new system came: the same contracts, with ids of their own (which collide with the new ones),
-- dates as text dd/mm/yyyy in business time, channel as one letter (T, W, R, P), and no key.
CREATE TABLE legacy.orders (
    order_no     bigint,
    customer_no  bigint,
    product_no   integer,
    edition_no   integer,
    seller_no    integer,
    origin_letter text,
    quantity     integer,
    price        numeric(12,2),
    state        smallint,
    kind         smallint,
    order_date   text,
    return_date  text,
    touched_at   timestamp,
    updated_at   timestamptz NOT NULL DEFAULT now()
);

-- type 1: a block of instances is allocated to a team member; type 2: it is returned.
CREATE TABLE usage.movements (
    movement_id    bigint PRIMARY KEY,
    usage_id       bigint NOT NULL,
    product_id     integer NOT NULL,
    edition        integer NOT NULL,
    team_member_id integer,
    movement_type  smallint,
    instances      integer,
    moved_at       timestamptz,
    updated_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE usage.self_usage (
    team_member_id integer,
    product_id     integer,
    edition        integer,
    used_on        date,
    instances      integer,
    updated_at     timestamptz NOT NULL DEFAULT now()
);

-- A day may be reported again: the row loaded last is right. No row: not measured; visits 0: nobody came.
CREATE TABLE web.daily_analytics (
    product_id  integer,
    edition     integer,
    day         date,
    visits      integer,
    sessions    integer,
    sign_ups    integer,
    orders      integer,
    loaded_at   timestamptz,
    updated_at  timestamptz NOT NULL DEFAULT now()
);
