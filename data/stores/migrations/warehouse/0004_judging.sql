-- What models were asked about samples, and what they answered.

-- One row a question: whoever asks the same of the same model again, for whatever sample, judge or recipe, finds the
-- answer here. The row names the one it was first asked for.
CREATE TABLE judging (
    -- Digest of the model, its weights, the way it is asked, the prompt, the parameters and the seed.
    request_key    VARCHAR NOT NULL,
    recipe         VARCHAR NOT NULL,
    sample_id      VARCHAR NOT NULL,
    judge          VARCHAR NOT NULL,
    version        INTEGER NOT NULL,
    model          VARCHAR NOT NULL,
    weights_digest VARCHAR,
    seed           BIGINT,
    -- truncated: it ran into its limit of tokens; failed: it was refused for good.
    state          VARCHAR NOT NULL CHECK (state IN ('answered', 'truncated', 'failed')),
    -- What was answered, or why it wasn't.
    raw            VARCHAR NOT NULL,
    tokens_in      INTEGER NOT NULL,
    tokens_out     INTEGER NOT NULL,
    seconds        DOUBLE NOT NULL,
    answered_at    TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Which model each judge of a recipe asked, each time that changed. With the judge's name and version, `params_digest`
-- finds its signals.
CREATE TABLE appointment (
    recipe         VARCHAR NOT NULL,
    judge          VARCHAR NOT NULL,
    version        INTEGER NOT NULL,
    -- Of the judge's limits and its prompt, which the recipe and this code decide.
    judge_digest   VARCHAR NOT NULL,
    model          VARCHAR NOT NULL,
    weights_digest VARCHAR,
    -- The way that it is asked; empty where its server doesn't offer what the judge needs.
    means          VARCHAR NOT NULL,
    params_digest  VARCHAR NOT NULL,
    appointed_at   TIMESTAMPTZ NOT NULL DEFAULT now()
);
