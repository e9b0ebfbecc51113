-- What drafting takes: runs with their tokens, times and prices, by model; and the licences of models.

-- Of the model itself. What it is trained on says nothing of it, so that a word may be silent here.
ALTER TABLE generator ADD COLUMN licence VARCHAR;

CREATE OR REPLACE VIEW trained AS
SELECT model, weights_digest, trained_on, version, depth, mean_depth, licence, said_by, recorded_at FROM generator
QUALIFY row_number() OVER (PARTITION BY model, weights_digest ORDER BY recorded_at DESC, rowid DESC) = 1;

-- One row a run and model, written when the run ends, however it ends. A run that was killed leaves none; what it was
-- answered is in `draft` and `turn` all the same, which is where all sums of tokens come from.
CREATE TABLE drafting_run (
    run_id         VARCHAR NOT NULL,
    recipe         VARCHAR NOT NULL,
    model          VARCHAR NOT NULL,
    weights_digest VARCHAR,
    licence        VARCHAR,
    -- Of the slots, of 1 in all.
    share          DOUBLE NOT NULL CHECK (share > 0 AND share <= 1),
    started_at     TIMESTAMPTZ NOT NULL,
    ended_at       TIMESTAMPTZ NOT NULL,
    -- Questions that came to an answer or to none, and how often they were sent.
    requests       BIGINT NOT NULL,
    attempts       BIGINT NOT NULL,
    tokens_in      BIGINT NOT NULL,
    tokens_out     BIGINT NOT NULL,
    -- Money for a million tokens; NULL where nobody said it, and then the cost is unknown too.
    price_in       DOUBLE,
    price_out      DOUBLE,
    cost           DOUBLE,
    -- Seconds that all questions together stood in line here, for room under the limit, and at the server, as its own
    -- gauges tell; the latter 0 where it shows none.
    waited         DOUBLE NOT NULL,
    queued         DOUBLE NOT NULL,
    -- The most in flight at once.
    peak           BIGINT NOT NULL,
    -- Slots of the model by what they came to.
    drafted        BIGINT NOT NULL,
    invalid        BIGINT NOT NULL,
    failed         BIGINT NOT NULL,
    missed         BIGINT NOT NULL,
    -- Why it ended, as a sentence; NULL where all that was asked for was done.
    stopped        VARCHAR
);

-- One row a model: its licence and prices, as the last run had them.
CREATE VIEW terms AS
SELECT model, licence, price_in, price_out FROM drafting_run
QUALIFY row_number() OVER (PARTITION BY model ORDER BY ended_at DESC) = 1;

-- What a recipe's answers took, by who gave them. A draft's tokens are those of all its calls; answers on the way to
-- one that isn't there yet are those that came after the slot's last draft.
CREATE VIEW spent AS
SELECT recipe, model, sum(attempts)::BIGINT AS attempts, sum(tokens_in)::BIGINT AS tokens_in,
    sum(tokens_out)::BIGINT AS tokens_out
FROM (
    SELECT recipe, model, attempts, tokens_in, tokens_out FROM draft
    UNION ALL
    SELECT recipe, model, attempts, tokens_in, tokens_out
    FROM turn LEFT JOIN (
        SELECT recipe, setup, rank, max(answered_at) AS drafted_at FROM draft GROUP BY ALL
    ) USING (recipe, setup, rank)
    WHERE drafted_at IS NULL OR answered_at > drafted_at
)
GROUP BY ALL;

-- One row a recipe and whoever drafted for it, which may be two models together (`a + b`; their tokens then count at
-- the mean of their prices): slots by what they came to, and what that took in all.
CREATE VIEW drafting AS
SELECT recipe, model, coalesce(drafted, 0) AS drafted, coalesce(invalid, 0) AS invalid, coalesce(failed, 0) AS failed,
    coalesce(missed, 0) AS missed, coalesce(attempts, 0) AS attempts, coalesce(tokens_in, 0) AS tokens_in,
    coalesce(tokens_out, 0) AS tokens_out, (tokens_in * price_in + tokens_out * price_out) / 1e6 AS cost
FROM (
    SELECT recipe, model, count_if(state = 'drafted')::BIGINT AS drafted, count_if(state = 'invalid')::BIGINT AS invalid,
        count_if(state = 'failed')::BIGINT AS failed
    FROM slot GROUP BY ALL
)
FULL JOIN (SELECT recipe, model, count(*) AS missed FROM dead_letter WHERE state = 'missed' GROUP BY ALL)
    USING (recipe, model)
FULL JOIN spent USING (recipe, model)
LEFT JOIN (
    SELECT named AS model, if(bool_and(price_in IS NOT NULL), avg(price_in), NULL) AS price_in,
        if(bool_and(price_out IS NOT NULL), avg(price_out), NULL) AS price_out
    FROM (SELECT model AS named, unnest(string_split(model, ' + ')) AS model FROM (SELECT DISTINCT model FROM spent))
    LEFT JOIN terms USING (model) GROUP BY ALL
) USING (model);
