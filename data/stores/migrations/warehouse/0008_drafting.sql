-- Drafting in several calls, and again where an answer was no sample.

-- How often a slot had been answered before this: another go has another seed, and a row of its own.
ALTER TABLE draft ADD COLUMN retry INTEGER DEFAULT 0;
ALTER TABLE miss ADD COLUMN model VARCHAR DEFAULT '';
ALTER TABLE miss ADD COLUMN raw VARCHAR;

-- Answers on the way to a draft that takes several: a slot that was interrupted goes on after the last of them.
CREATE TABLE turn (
    request_key   VARCHAR NOT NULL,
    recipe        VARCHAR NOT NULL,
    setup         VARCHAR NOT NULL,
    rank          VARCHAR NOT NULL,
    model         VARCHAR NOT NULL,
    text          VARCHAR NOT NULL,
    finish_reason VARCHAR,
    attempts      INTEGER NOT NULL,
    tokens_in     INTEGER NOT NULL,
    tokens_out    INTEGER NOT NULL,
    mean_logprob  DOUBLE,
    seconds       DOUBLE NOT NULL,
    answered_at   TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- One row a slot and setup that has an outcome: its draft where it has one, else what its last answer came to.
CREATE VIEW slot AS
SELECT *, count(*) OVER (PARTITION BY recipe, setup, rank) AS answers FROM draft
QUALIFY row_number() OVER (PARTITION BY recipe, setup, rank ORDER BY state = 'drafted' DESC, retry DESC) = 1;

-- Slots that have no draft, each with the reason, the attempts and what came back: `outcross draft --retry-failed`
-- asks for them again. Those that were only missed are asked again by any run.
CREATE VIEW dead_letter AS
SELECT recipe, setup, rank, state, reason, raw, attempts, answers, model, request_key, answered_at AS happened_at
FROM slot WHERE state <> 'drafted'
UNION ALL
SELECT recipe, setup, rank, 'missed', reason, raw, attempts, 0, model, request_key, missed_at
FROM miss ANTI JOIN draft USING (recipe, setup, rank)
QUALIFY row_number() OVER (PARTITION BY recipe, setup, rank ORDER BY missed_at DESC) = 1;
