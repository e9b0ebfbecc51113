-- What mixtures need to know: what the models that draft were trained on, and what releases turned out to be worth.

-- What somebody said a model was trained on. A word is added, never changed: what was said before stays.
CREATE TABLE generator (
    model          VARCHAR NOT NULL CHECK (trim(model) <> ''),
    -- NULL speaks of whatever weights go by that name.
    weights_digest VARCHAR,
    -- The release of ours that it was trained on. NULL: on none, or, where the depth is above 0, nobody said on which.
    trained_on     VARCHAR,
    version        INTEGER,
    -- Model generations between people and its training data: the deepest row's depth, and the mean by weight.
    depth          INTEGER NOT NULL CHECK (depth >= 0),
    mean_depth     DOUBLE NOT NULL CHECK (mean_depth BETWEEN 0 AND depth),
    said_by        VARCHAR NOT NULL,
    recorded_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK ((trained_on IS NULL) = (version IS NULL))
);

-- One row a model and weights: the word that stands.
CREATE VIEW trained AS
SELECT model, weights_digest, trained_on, version, depth, mean_depth, said_by, recorded_at FROM generator
QUALIFY row_number() OVER (PARTITION BY model, weights_digest ORDER BY recorded_at DESC, rowid DESC) = 1;

-- Whether a release trains a better model, as one proxy measured it; `result` is JSON.
CREATE TABLE effect (
    name        VARCHAR NOT NULL,
    version     INTEGER NOT NULL,
    proxy       VARCHAR NOT NULL,
    result      VARCHAR NOT NULL CHECK (json_valid(result)),
    measured_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
