-- What the screen needs to know of its own work: who came first, and what each validator took.

-- The order in which drafts came before the screen: of several alike the first is kept. A place is given once and
-- stays, so that it makes no difference which part of a corpus is judged first, or how often a run was killed.
CREATE TABLE arrival (
    recipe    VARCHAR NOT NULL,
    sample_id VARCHAR NOT NULL,
    place     BIGINT NOT NULL CHECK (place >= 1)
);

-- What a validator took for some rows, each time that it ran.
CREATE TABLE cost (
    recipe        VARCHAR NOT NULL,
    validator     VARCHAR NOT NULL,
    version       INTEGER NOT NULL,
    params_digest VARCHAR NOT NULL,
    rows          BIGINT NOT NULL CHECK (rows >= 1),
    cpu_seconds   DOUBLE NOT NULL CHECK (cpu_seconds >= 0),
    ran_at        TIMESTAMPTZ NOT NULL DEFAULT now()
);
