-- The workbench: every kind has its words, decisions can be taken back for a moment, reviewers are measured by
-- answers that are known, and what they split on goes to a third.

INSERT INTO verdict VALUES
    ('chosen'), ('rejected'), ('tie'), ('both_bad'),            -- preference: which of the sample's own two answers won
    ('correct'), ('error'), ('bad_problem'), ('give_up'),       -- reasoning
    ('success'), ('partial'), ('fail'), ('cannot_tell'),        -- conversation and trajectory
    ('broken');                                                 -- an adjudicator's: nobody could judge this
-- What a verdict says of the draft as it stood; NULL where it says nothing.
ALTER TABLE verdict ADD COLUMN stance TEXT CHECK (stance IN ('good', 'bad'));
UPDATE verdict SET stance = CASE
    WHEN name IN ('approve', 'chosen', 'correct', 'success') THEN 'good'
    WHEN name IN ('give_up', 'cannot_tell', 'broken') THEN NULL
    ELSE 'bad' END;

-- A recipe's rules for reviewers, each version kept: the guideline's text and number, and how its screen behaves.
CREATE TABLE policy (
    recipe    TEXT NOT NULL,
    major     INTEGER NOT NULL CHECK (major >= 1),
    minor     INTEGER NOT NULL CHECK (minor >= 0),
    guideline TEXT NOT NULL,
    steps     TEXT NOT NULL CHECK (steps IN ('first_error', 'per_step')),
    at        REAL NOT NULL
) STRICT;
CREATE INDEX policy_recipe ON policy (recipe);

-- Earned by a qualification under one major version of a recipe's guideline; `name` is kind:language.
CREATE TABLE skill (
    reviewer   TEXT NOT NULL REFERENCES reviewer,
    recipe     TEXT NOT NULL,
    name       TEXT NOT NULL,
    major      INTEGER NOT NULL,
    correct    INTEGER NOT NULL CHECK (correct >= 0),
    total      INTEGER NOT NULL CHECK (total >= correct),
    passed_at  REAL NOT NULL,
    revoked_at REAL
) STRICT;
CREATE INDEX skill_reviewer ON skill (reviewer);

-- A reviewer whose answers to known items are too often wrong gets no work until a manager has looked.
ALTER TABLE reviewer ADD COLUMN paused REAL;
-- Gold answered before this moment counts no more.
ALTER TABLE reviewer ADD COLUMN reinstated REAL NOT NULL DEFAULT 0;

ALTER TABLE item ADD COLUMN stage TEXT NOT NULL DEFAULT 'review' CHECK (stage IN ('review', 'adjudication'));
-- Slots beyond those that were planned: for each who could not tell, and for an adjudicator.
ALTER TABLE item ADD COLUMN extra INTEGER NOT NULL DEFAULT 0 CHECK (extra >= 0);
ALTER TABLE item ADD COLUMN skill TEXT;
-- The weakest validator's score.
ALTER TABLE item ADD COLUMN score REAL CHECK (score BETWEEN 0 AND 1);
-- What may be shown once a reviewer has decided; NULL where the recipe shows nothing.
ALTER TABLE item ADD COLUMN hint TEXT CHECK (hint IS NULL OR json_valid(hint));

CREATE TRIGGER item_routing_is_fixed BEFORE UPDATE OF need, skill, score, hint ON item
BEGIN
    SELECT RAISE(ABORT, 'what an item is, and why it was drawn, never changes');
END;

DROP INDEX item_waiting;
CREATE INDEX item_waiting ON item (prio DESC, created) WHERE state = 'open' AND stage = 'review' AND source <> 'gold';
CREATE INDEX item_split ON item (created) WHERE state = 'open' AND stage = 'adjudication';
CREATE INDEX item_recipe ON item (recipe, state);

-- Items whose answer is known. Training ones teach with feedback; the others are mixed in, and nothing tells them apart.
CREATE TABLE gold (
    item        TEXT NOT NULL PRIMARY KEY REFERENCES item,
    verdict     TEXT NOT NULL REFERENCES verdict,
    labels      TEXT NOT NULL CHECK (json_valid(labels)),
    explanation TEXT NOT NULL,
    training    INTEGER NOT NULL CHECK (training IN (0, 1)),
    retired     REAL
) STRICT;

-- A reviewer in training says that the known answer is wrong.
CREATE TABLE dispute (
    item     TEXT NOT NULL REFERENCES gold,
    reviewer TEXT NOT NULL REFERENCES reviewer,
    note     TEXT NOT NULL,
    at       REAL NOT NULL,
    PRIMARY KEY (item, reviewer)
) STRICT;

-- What the guideline doesn't say.
CREATE TABLE gap (
    item     TEXT NOT NULL REFERENCES item,
    reviewer TEXT NOT NULL REFERENCES reviewer,
    note     TEXT NOT NULL,
    at       REAL NOT NULL
) STRICT;

-- Two claims at a time for each reviewer: the item on the screen, and the next one, fetched ahead.
DROP INDEX claim_open;
ALTER TABLE claim ADD COLUMN stage TEXT NOT NULL DEFAULT 'review'
    CHECK (stage IN ('review', 'training', 'adjudication'));
-- Whether a pair was shown with the second answer first.
ALTER TABLE claim ADD COLUMN swapped INTEGER NOT NULL DEFAULT 0 CHECK (swapped IN (0, 1));
-- Whether the holder has seen the item's hint.
ALTER TABLE claim ADD COLUMN revealed INTEGER NOT NULL DEFAULT 0 CHECK (revealed IN (0, 1));
CREATE INDEX claim_holder ON claim (reviewer, state);
CREATE INDEX claim_skipped ON claim (item) WHERE state = 'skipped';
CREATE INDEX claim_lapses ON claim (expires) WHERE state = 'open';

DROP TRIGGER claim_fits_the_need;
CREATE TRIGGER claim_fits_the_need BEFORE INSERT ON claim
WHEN NEW.slot >= (SELECT need + extra FROM item WHERE id = NEW.item)
BEGIN
    SELECT RAISE(ABORT, 'the item needs no further decision');
END;

CREATE TRIGGER claim_two_at_a_time BEFORE INSERT ON claim
WHEN NEW.state = 'open'
  AND (SELECT count(*) FROM claim WHERE reviewer = NEW.reviewer AND state = 'open' AND stage = NEW.stage) >= 2
BEGIN
    SELECT RAISE(ABORT, 'a reviewer holds two items at most');
END;

CREATE TRIGGER claim_needs_a_reviewer_at_work BEFORE INSERT ON claim
WHEN EXISTS (SELECT 1 FROM reviewer WHERE name = NEW.reviewer AND (active = 0 OR paused IS NOT NULL))
BEGIN
    SELECT RAISE(ABORT, 'this reviewer is paused or gone');
END;

CREATE TRIGGER claim_needs_the_skill BEFORE INSERT ON claim
WHEN NEW.stage = 'review' AND EXISTS (
    SELECT 1 FROM item
    WHERE id = NEW.item AND skill IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM skill
        WHERE skill.reviewer = NEW.reviewer AND skill.recipe = item.recipe AND skill.name = item.skill
          AND skill.revoked_at IS NULL
          AND skill.major = (SELECT coalesce(max(major), 1) FROM policy WHERE policy.recipe = item.recipe)
    )
)
BEGIN
    SELECT RAISE(ABORT, 'the reviewer lacks the skill, or it has run out');
END;

CREATE TRIGGER claim_keeps_to_its_stage BEFORE INSERT ON claim
WHEN EXISTS (SELECT 1 FROM item WHERE id = NEW.item AND (stage = 'adjudication') <> (NEW.stage = 'adjudication'))
  OR (NEW.stage = 'adjudication' AND (SELECT role FROM reviewer WHERE name = NEW.reviewer) = 'reviewer')
  OR (NEW.stage = 'training' AND NOT EXISTS (SELECT 1 FROM gold WHERE item = NEW.item AND training = 1))
BEGIN
    SELECT RAISE(ABORT, 'that item is not for this desk');
END;

CREATE TRIGGER claim_was_shown_as_it_was BEFORE UPDATE OF stage, swapped ON claim
BEGIN
    SELECT RAISE(ABORT, 'how an item was shown never changes');
END;

ALTER TABLE decision ADD COLUMN labels TEXT CHECK (labels IS NULL OR json_valid(labels));
ALTER TABLE decision ADD COLUMN strength INTEGER CHECK (strength IN (1, 2));
ALTER TABLE decision ADD COLUMN swapped INTEGER NOT NULL DEFAULT 0 CHECK (swapped IN (0, 1));
ALTER TABLE decision ADD COLUMN guideline TEXT NOT NULL DEFAULT '1.0';
-- Decided again with the hint in view.
ALTER TABLE decision ADD COLUMN revealed INTEGER NOT NULL DEFAULT 0 CHECK (revealed IN (0, 1));
ALTER TABLE decision ADD COLUMN stage TEXT NOT NULL DEFAULT 'review'
    CHECK (stage IN ('review', 'training', 'adjudication'));
-- Whether it agrees with the known answer; NULL where none is known.
ALTER TABLE decision ADD COLUMN correct INTEGER CHECK (correct IN (0, 1));
-- An adjudicator's: whose decision was taken, why people differed, and whether both answers would do.
ALTER TABLE decision ADD COLUMN takes INTEGER REFERENCES decision;
ALTER TABLE decision ADD COLUMN cause TEXT CHECK (cause IN ('reviewer_error', 'ambiguous_item', 'guideline_gap'));
ALTER TABLE decision ADD COLUMN both_fine INTEGER NOT NULL DEFAULT 0 CHECK (both_fine IN (0, 1));
CREATE INDEX decision_item ON decision (item);

-- Whether an item is settled depends on what was decided, not on how often: see `settling` in data/review.
DROP TRIGGER decision_counts;
CREATE TRIGGER decision_counts AFTER INSERT ON decision WHEN NEW.supersedes IS NULL
BEGIN
    UPDATE item SET done = done + 1 WHERE id = NEW.item;
END;

CREATE TRIGGER decision_supersedes_its_own BEFORE INSERT ON decision
WHEN NEW.supersedes IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM decision WHERE seq = NEW.supersedes AND claim = NEW.claim
)
BEGIN
    SELECT RAISE(ABORT, 'a decision supersedes one of the same reviewer on the same item');
END;

-- Decisions that can still be taken back. The claim is done, so the slot is taken; whichever call comes after `due`
-- commits it.
CREATE TABLE held (
    claim    INTEGER NOT NULL PRIMARY KEY REFERENCES claim,
    reviewer TEXT NOT NULL REFERENCES reviewer,
    idem     TEXT NOT NULL,
    ruling   TEXT NOT NULL CHECK (json_valid(ruling)),
    at       REAL NOT NULL,
    due      REAL NOT NULL,
    UNIQUE (reviewer, idem)
) STRICT;
CREATE INDEX held_due ON held (due);

-- What counts: the last decision of each claim.
CREATE VIEW standing AS
SELECT decision.* FROM decision WHERE seq NOT IN (SELECT supersedes FROM decision WHERE supersedes IS NOT NULL);
