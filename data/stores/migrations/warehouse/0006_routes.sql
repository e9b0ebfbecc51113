-- With which probability borderline drafts are put before experts, where these have time for some of them alone.

-- A draft has a row each time that its probability rose, be it that there was more time or that it came to be worth
-- more. It never falls, whatever the rules are by then: whoever was drawn stays drawn. A verdict's own probability is
-- that of the moment in which it was made.
CREATE TABLE route (
    recipe    VARCHAR NOT NULL,
    sample_id VARCHAR NOT NULL,
    incl_prob DOUBLE NOT NULL CHECK (incl_prob > 0 AND incl_prob <= 1),
    routed_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- One row a draft: the probability by now.
CREATE VIEW risen AS
SELECT recipe, sample_id, max(incl_prob) AS incl_prob FROM route GROUP BY recipe, sample_id;
