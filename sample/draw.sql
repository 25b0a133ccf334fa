-- Lots and the clock: what a fill and a change draw with. plan.seed() and plan.today() are there already.
--
-- Only +, -, *, / and sqrt are used on floats, never exp or power: their last bit differs from machine to machine, and
-- the same seed shall give the same rows everywhere.

-- A number in [0, 1) that depends on the seed, the stream (what it is for) and i (for which row), on nothing else.
CREATE FUNCTION plan.u(stream integer, i bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(i, plan.seed() * 1000 + stream) & 9007199254740991) / 9007199254740992::float8;

CREATE FUNCTION plan.pick(choices text[], u float8) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN choices[1 + floor(u * cardinality(choices))::integer];

-- Nothing has happened yet after two o'clock at night (business time) of the last day.
CREATE FUNCTION plan.now() RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (plan.today() + time '02:00') AT TIME ZONE 'Europe/Madrid';

-- When a row was last written that is told to be of an instant: the clock where that is to come, or unknown.
CREATE FUNCTION plan.known(told timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN least(told, plan.now());
