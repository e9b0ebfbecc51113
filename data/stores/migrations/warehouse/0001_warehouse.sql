-- Append only, keyed by content: every insert is an anti-join, so that running anything twice adds nothing.
-- State is a view over these events, never an update in place.

-- What models drafted and what experts made of it. Human rows live in the vault.
CREATE TABLE sample (
    sample_id         VARCHAR NOT NULL,
    recipe            VARCHAR NOT NULL,
    kind              VARCHAR NOT NULL,
    origin            VARCHAR NOT NULL CHECK (origin IN ('hybrid', 'synthetic')),
    depth             INTEGER NOT NULL CHECK (depth >= 1),
    stratum           VARCHAR NOT NULL,
    content           VARCHAR NOT NULL,
    provenance        VARCHAR NOT NULL,
    provenance_digest VARCHAR NOT NULL,
    recorded_at       TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- The journal of what was asked of models and answered. A slot of a recipe's plan
-- that is here is never paid for again under the same setup.
CREATE TABLE draft (
    request_key  VARCHAR NOT NULL,
    recipe       VARCHAR NOT NULL,
    -- Names the model, its depth, the prompt's templates and the sampling parameters.
    setup        VARCHAR NOT NULL,
    -- The draft's place in its recipe's plan, as text that sorts; it does not depend on when it was answered.
    rank         VARCHAR NOT NULL,
    state        VARCHAR NOT NULL CHECK (state IN ('drafted', 'invalid', 'failed')),
    sample_id    VARCHAR,
    reason       VARCHAR NOT NULL,
    raw          VARCHAR,
    model        VARCHAR NOT NULL,
    seed         BIGINT,
    attempts     INTEGER NOT NULL,
    tokens_in    INTEGER NOT NULL,
    tokens_out   INTEGER NOT NULL,
    mean_logprob DOUBLE,
    seconds      DOUBLE NOT NULL,
    answered_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK ((state = 'drafted') = (sample_id IS NOT NULL))
);

-- What was asked and not answered for the moment, each time that happened. The next run asks again,
-- with another request where the vault has grown since: a slot is known by its setup and rank, as in `draft`.
CREATE TABLE miss (
    request_key VARCHAR NOT NULL,
    recipe      VARCHAR NOT NULL,
    setup       VARCHAR NOT NULL,
    rank        VARCHAR NOT NULL,
    reason      VARCHAR NOT NULL,
    attempts    INTEGER NOT NULL,
    missed_at   TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- What one validator, at one version and with these limits, said of one sample.
CREATE TABLE signal (
    sample_id     VARCHAR NOT NULL,
    recipe        VARCHAR NOT NULL,
    validator     VARCHAR NOT NULL,
    version       INTEGER NOT NULL,
    params_digest VARCHAR NOT NULL,
    score         DOUBLE CHECK (score BETWEEN 0 AND 1),
    reason        VARCHAR NOT NULL,
    -- Set where the validator itself broke on the row: that is no low score.
    failure       VARCHAR,
    signalled_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK ((score IS NULL) = (failure IS NOT NULL))
);

-- What a rule set made of the signals. A new rule set adds verdicts beside the old ones.
CREATE TABLE verdict (
    sample_id  VARCHAR NOT NULL,
    recipe     VARCHAR NOT NULL,
    ruleset    VARCHAR NOT NULL,
    outcome    VARCHAR NOT NULL CHECK (outcome IN ('accepted', 'borderline', 'rejected')),
    reasons    VARCHAR[] NOT NULL,
    audited    BOOLEAN NOT NULL,
    -- Probability that an expert is asked about it, by the routing of that moment; 0 where nobody is.
    incl_prob  DOUBLE NOT NULL CHECK (incl_prob BETWEEN 0 AND 1),
    judged_at  TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- What experts decided, copied from the review queue in its order.
CREATE TABLE decision (
    decision_id VARCHAR NOT NULL,
    -- The number in the queue; it starts again from the copy's where a queue was put back from one.
    seq         BIGINT NOT NULL,
    sample_id   VARCHAR NOT NULL,
    recipe      VARCHAR NOT NULL,
    verdict     VARCHAR NOT NULL CHECK (verdict IN ('approve', 'edit', 'reject')),
    reasons     VARCHAR[] NOT NULL,
    edited_id   VARCHAR,
    reviewer    VARCHAR NOT NULL,
    route       VARCHAR NOT NULL,
    incl_prob   DOUBLE NOT NULL CHECK (incl_prob > 0 AND incl_prob <= 1),
    shown_hash  VARCHAR NOT NULL,
    reviewed_at TIMESTAMPTZ NOT NULL,
    CHECK ((verdict = 'edit') = (edited_id IS NOT NULL))
);

-- Rows refused at the door: counted, kept with the reason, never in the way of the good ones.
CREATE TABLE quarantine (
    quarantine_id VARCHAR NOT NULL,
    recipe        VARCHAR NOT NULL,
    file          VARCHAR NOT NULL,
    line          BIGINT NOT NULL,
    reason        VARCHAR NOT NULL,
    excerpt       VARCHAR NOT NULL,
    seen_at       TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Published releases, so that a manifest changed later is noticed.
CREATE TABLE release (
    name            VARCHAR NOT NULL,
    version         INTEGER NOT NULL,
    manifest_digest VARCHAR NOT NULL,
    rows            BIGINT NOT NULL,
    published_at    TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- One row a sample of a recipe: the draft that ranks first made it.
CREATE VIEW drafted AS
SELECT recipe, sample_id, min(rank) AS rank
FROM draft WHERE state = 'drafted' GROUP BY recipe, sample_id;

-- One row a sample of a recipe: the expert's last word. The time comes first, because `seq` may start again.
CREATE VIEW settled AS
SELECT recipe, sample_id, verdict, edited_id FROM decision
QUALIFY row_number() OVER (PARTITION BY recipe, sample_id ORDER BY reviewed_at DESC, seq DESC) = 1;
