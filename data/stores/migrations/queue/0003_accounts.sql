-- Who may use the review page. No password, link or session stands here as such: only what proves that one is right.

-- When the person last did something on the page.
ALTER TABLE reviewer ADD COLUMN seen REAL;

CREATE TABLE credential (
    reviewer TEXT NOT NULL PRIMARY KEY REFERENCES reviewer,
    hash     TEXT NOT NULL CHECK (hash GLOB '$argon2id$*'),
    changed  REAL NOT NULL
) STRICT;

-- A link that works once: to choose a password, or to sign in without one. It is gone when it was used.
CREATE TABLE invite (
    hash     TEXT NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
    purpose  TEXT NOT NULL CHECK (purpose IN ('join', 'enter')),
    reviewer TEXT NOT NULL,
    role     TEXT NOT NULL CHECK (role IN ('reviewer', 'adjudicator', 'manager')),
    created  REAL NOT NULL,
    expires  REAL NOT NULL,
    UNIQUE (reviewer, purpose)
) STRICT;

CREATE TABLE session (
    hash     TEXT NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
    reviewer TEXT NOT NULL REFERENCES reviewer,
    created  REAL NOT NULL,
    seen     REAL NOT NULL,
    expires  REAL NOT NULL
) STRICT;
CREATE INDEX session_reviewer ON session (reviewer);

CREATE TRIGGER session_needs_an_active_reviewer BEFORE INSERT ON session
WHEN NOT EXISTS (SELECT 1 FROM reviewer WHERE name = NEW.reviewer AND active = 1)
BEGIN
    SELECT RAISE(ABORT, 'only an active reviewer has sessions');
END;

CREATE TRIGGER session_begun AFTER INSERT ON session
BEGIN
    UPDATE reviewer SET seen = NEW.seen WHERE name = NEW.reviewer;
END;

CREATE TRIGGER session_goes_on AFTER UPDATE OF seen ON session
BEGIN
    UPDATE reviewer SET seen = NEW.seen WHERE name = NEW.reviewer;
END;

-- Whoever gets another role, or none, must come in anew.
CREATE TRIGGER reviewer_changed AFTER UPDATE OF role, active ON reviewer
WHEN NEW.role <> OLD.role OR NEW.active <> OLD.active
BEGIN
    DELETE FROM session WHERE reviewer = NEW.name;
    DELETE FROM invite WHERE reviewer = NEW.name;
END;

-- Sign-ins under way or failed, by the name that was typed, whether or not anybody has it.
CREATE TABLE attempt (
    name TEXT NOT NULL,
    at   REAL NOT NULL
) STRICT;
CREATE INDEX attempt_name ON attempt (name, at);
