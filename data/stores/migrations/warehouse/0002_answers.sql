-- What experts answered in their own words, and how far each row can be trusted by all that was answered.

-- The answer as JSON: the kind's own verdict, labels, strength and all else; NULL of decisions from before.
-- The fate that follows from it for the draft stays in `verdict`.
ALTER TABLE decision ADD COLUMN answer VARCHAR;
-- review, or adjudication where somebody settled what reviewers differed on.
ALTER TABLE decision ADD COLUMN stage VARCHAR DEFAULT 'review';

-- One row a sample of a recipe: the experts' last word. What one person said last replaces what they said before;
-- an adjudicator's word stands over the reviewers', and who could tell over who could not. Among the rest the latest
-- one counts, and the time comes first, because `seq` may start again.
CREATE OR REPLACE VIEW settled AS
SELECT recipe, sample_id, verdict, edited_id FROM (
    SELECT * FROM decision
    QUALIFY row_number() OVER (PARTITION BY recipe, sample_id, reviewer ORDER BY reviewed_at DESC, seq DESC) = 1
)
QUALIFY row_number() OVER (
    PARTITION BY recipe, sample_id
    ORDER BY stage = 'adjudication' DESC, coalesce(answer ->> 'verdict' IN ('give_up', 'cannot_tell'), false),
        reviewed_at DESC, seq DESC
) = 1;

-- What all judgements together say of a sample: of a draft, the probability that it is good as it stands; of a
-- hybrid, the probability that its editor is right about a draft. A value is added when it has changed.
CREATE TABLE trust (
    sample_id   VARCHAR NOT NULL,
    recipe      VARCHAR NOT NULL,
    posterior   DOUBLE NOT NULL CHECK (posterior > 0 AND posterior <= 1),
    -- People whose judgements it rests on directly.
    reviewers   INTEGER NOT NULL CHECK (reviewers >= 1),
    computed_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE VIEW trusted AS
SELECT recipe, sample_id, posterior, reviewers FROM trust
QUALIFY row_number() OVER (PARTITION BY recipe, sample_id ORDER BY computed_at DESC, rowid DESC) = 1;
