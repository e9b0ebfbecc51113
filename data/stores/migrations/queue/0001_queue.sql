-- The review queue: items in, claims as leases on them, decisions out. The rules that must never break are
-- kept here, so that no program can break them by mistake.

CREATE TABLE reviewer (
    name    TEXT NOT NULL PRIMARY KEY CHECK (length(trim(name)) BETWEEN 1 AND 64),
    role    TEXT NOT NULL CHECK (role IN ('reviewer', 'adjudicator', 'manager')),
    active  INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    created REAL NOT NULL
) STRICT;

-- `source` and `incl_prob` say why an item is here and how likely that was; neither ever reaches a browser.
CREATE TABLE item (
    id           TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    kind         TEXT NOT NULL,
    payload      TEXT NOT NULL CHECK (json_valid(payload)),
    payload_hash TEXT NOT NULL CHECK (length(payload_hash) = 64),
    sample_id    TEXT NOT NULL,
    recipe       TEXT NOT NULL,
    lineage_seed TEXT NOT NULL,
    author_kind  TEXT NOT NULL CHECK (author_kind IN ('model', 'human')),
    author_id    TEXT NOT NULL,
    source       TEXT NOT NULL CHECK (source IN ('border', 'audit', 'gold', 'overlap', 'explore', 'reject_audit')),
    incl_prob    REAL NOT NULL CHECK (incl_prob > 0 AND incl_prob <= 1),
    prio         REAL NOT NULL,
    need         INTEGER NOT NULL CHECK (need >= 1),
    done         INTEGER NOT NULL DEFAULT 0 CHECK (done >= 0),
    state        TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'withdrawn')),
    created      REAL NOT NULL,
    -- Enqueueing twice adds nothing. The kind is part of the payload; two samples that look alike stay two,
    -- and so does one sample in two recipes, whose reviewers may be told different things.
    UNIQUE (recipe, sample_id, payload_hash)
) STRICT;

CREATE INDEX item_waiting ON item (prio DESC, created) WHERE state = 'open';

CREATE TRIGGER item_facts_are_fixed
BEFORE UPDATE OF id, kind, payload, payload_hash, sample_id, recipe, lineage_seed, author_kind, author_id, source,
    incl_prob, created ON item
BEGIN
    SELECT RAISE(ABORT, 'what an item is, and why it was drawn, never changes');
END;

CREATE TRIGGER item_stays BEFORE DELETE ON item
BEGIN
    SELECT RAISE(ABORT, 'an item is never deleted');
END;

-- A lease. Expired and released ones stay as history; a skipped one keeps the item away from who skipped it.
CREATE TABLE claim (
    id          INTEGER PRIMARY KEY,
    item        TEXT NOT NULL REFERENCES item,
    slot        INTEGER NOT NULL CHECK (slot >= 0),
    reviewer    TEXT NOT NULL REFERENCES reviewer,
    token       TEXT NOT NULL UNIQUE,
    taken       REAL NOT NULL,
    expires     REAL NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('open', 'done', 'expired', 'released', 'skipped')),
    skip_reason TEXT CHECK (skip_reason IN ('conflict_of_interest', 'cannot_judge', 'broken_item', 'unsafe')),
    CHECK ((state = 'skipped') = (skip_reason IS NOT NULL))
) STRICT;

-- No slot of an item is held or decided twice.
CREATE UNIQUE INDEX claim_slot ON claim (item, slot) WHERE state IN ('open', 'done');
-- Nobody judges an item twice, nor gets one back that they skipped.
CREATE UNIQUE INDEX claim_reviewer ON claim (item, reviewer) WHERE state IN ('open', 'done', 'skipped');
-- One item at a time for each reviewer.
CREATE UNIQUE INDEX claim_open ON claim (reviewer) WHERE state = 'open';

CREATE TRIGGER claim_fits_the_need BEFORE INSERT ON claim
WHEN NEW.slot >= (SELECT need FROM item WHERE id = NEW.item)
BEGIN
    SELECT RAISE(ABORT, 'the item needs no further decision');
END;

CREATE TRIGGER claim_no_self_review BEFORE INSERT ON claim
WHEN EXISTS (SELECT 1 FROM item WHERE id = NEW.item AND lower(author_id) = lower(NEW.reviewer))
BEGIN
    SELECT RAISE(ABORT, 'nobody reviews their own work');
END;

CREATE TRIGGER claim_stays_with_its_holder BEFORE UPDATE OF id, item, slot, reviewer, token, taken ON claim
BEGIN
    SELECT RAISE(ABORT, 'a claim never changes hands');
END;

-- The words a decision may use: a list and not a CHECK, so that a later screen adds its own by INSERT.
CREATE TABLE verdict (name TEXT NOT NULL PRIMARY KEY) STRICT;
INSERT INTO verdict VALUES ('approve'), ('edit'), ('reject');

CREATE TABLE decision (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE CHECK (length(id) = 32),
    claim      INTEGER NOT NULL REFERENCES claim,
    item       TEXT NOT NULL REFERENCES item,
    reviewer   TEXT NOT NULL REFERENCES reviewer,
    idem       TEXT NOT NULL,
    verdict    TEXT NOT NULL REFERENCES verdict,
    reasons    TEXT NOT NULL CHECK (json_valid(reasons)),
    note       TEXT NOT NULL,
    edit       TEXT CHECK (length(edit) BETWEEN 1 AND 200000),
    shown_hash TEXT NOT NULL,
    active_ms  INTEGER NOT NULL CHECK (active_ms >= 0),
    wall_ms    INTEGER NOT NULL CHECK (wall_ms >= 0),
    supersedes INTEGER UNIQUE REFERENCES decision,
    at         REAL NOT NULL,
    UNIQUE (reviewer, idem),
    CHECK (verdict <> 'edit' OR edit IS NOT NULL),
    CHECK (verdict NOT IN ('approve', 'reject') OR edit IS NULL),
    CHECK (verdict <> 'reject' OR json_array_length(reasons) > 0)
) STRICT;

CREATE UNIQUE INDEX decision_once ON decision (claim) WHERE supersedes IS NULL;
CREATE INDEX decision_reviewer ON decision (reviewer, at);

CREATE TRIGGER decision_needs_its_claim BEFORE INSERT ON decision
WHEN NOT EXISTS (
    SELECT 1 FROM claim
    WHERE id = NEW.claim AND item = NEW.item AND reviewer = NEW.reviewer AND state = 'done'
)
BEGIN
    SELECT RAISE(ABORT, 'a decision needs the claim of its reviewer on its item');
END;

CREATE TRIGGER decision_counts AFTER INSERT ON decision WHEN NEW.supersedes IS NULL
BEGIN
    UPDATE item SET done = done + 1, state = CASE WHEN done + 1 >= need THEN 'done' ELSE state END WHERE id = NEW.item;
END;

CREATE TRIGGER decision_is_final BEFORE UPDATE ON decision
BEGIN
    SELECT RAISE(ABORT, 'a decision is never changed; a later one supersedes it');
END;

CREATE TRIGGER decision_stays BEFORE DELETE ON decision
BEGIN
    SELECT RAISE(ABORT, 'a decision is never deleted');
END;

-- What a reviewer typed and hasn't submitted: theirs for that item, whatever becomes of the claim.
CREATE TABLE draft (
    item     TEXT NOT NULL REFERENCES item,
    reviewer TEXT NOT NULL REFERENCES reviewer,
    rev      INTEGER NOT NULL CHECK (rev >= 0),
    body     TEXT NOT NULL,
    at       REAL NOT NULL,
    PRIMARY KEY (reviewer, item)
) STRICT;

-- Each event commits to the one before it, so that a change anywhere shows.
CREATE TABLE event (
    seq       INTEGER PRIMARY KEY,
    prev_hash TEXT NOT NULL,
    hash      TEXT NOT NULL UNIQUE,
    kind      TEXT NOT NULL,
    body      TEXT NOT NULL CHECK (json_valid(body)),
    at        REAL NOT NULL
) STRICT;

CREATE TRIGGER event_is_final BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'an event is never changed');
END;

CREATE TRIGGER event_stays BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'an event is never deleted');
END;
