-- What is proven of drafts that nobody read.

-- How probable it is that a draft is right, from what validators said of it: each fit a row, `content` is JSON.
CREATE TABLE scorer (
    scorer    VARCHAR NOT NULL,
    recipe    VARCHAR NOT NULL,
    content   VARCHAR NOT NULL CHECK (json_valid(content)),
    fitted_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE p_right (
    sample_id VARCHAR NOT NULL,
    recipe    VARCHAR NOT NULL,
    scorer    VARCHAR NOT NULL,
    p_right   DOUBLE NOT NULL CHECK (p_right BETWEEN 0 AND 1),
    scored_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Proofs that held when they were issued. The id is the digest of the content, which is JSON and holds all that the
-- proof takes. A certificate speaks of drafts of its own regime alone, so nothing ever needs to close one.
CREATE TABLE certificate (
    certificate_id VARCHAR NOT NULL,
    recipe         VARCHAR NOT NULL,
    -- Names the model, its prompts, the rule set, the scorer and the threshold.
    regime         VARCHAR NOT NULL,
    content        VARCHAR NOT NULL CHECK (json_valid(content)),
    issued_at      TIMESTAMPTZ NOT NULL
);
