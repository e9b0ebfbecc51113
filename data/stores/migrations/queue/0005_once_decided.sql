-- What was decided stays decided, else the item would come round again to the person who decided it. With
-- `claim_reviewer` and `decision_once` it follows that nobody has two first words on an item.

-- A correction that was taken back could open its claim again. What had been decided by it stands.
UPDATE OR IGNORE claim SET state = 'done'
WHERE state IN ('open', 'expired', 'released')
  AND EXISTS (SELECT 1 FROM decision WHERE claim = claim.id AND supersedes IS NULL);

CREATE TRIGGER claim_stays_decided BEFORE UPDATE OF state ON claim
WHEN OLD.state = 'done' AND NEW.state <> 'done'
  AND EXISTS (SELECT 1 FROM decision WHERE claim = OLD.id AND supersedes IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'a claim that led to a decision stays done');
END;
