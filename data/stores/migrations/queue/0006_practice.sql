-- Who is paused gets no work, and may practise.
DROP TRIGGER claim_needs_a_reviewer_at_work;
CREATE TRIGGER claim_needs_a_reviewer_at_work BEFORE INSERT ON claim
WHEN EXISTS (SELECT 1 FROM reviewer WHERE name = NEW.reviewer
             AND (active = 0 OR (paused IS NOT NULL AND NEW.stage <> 'training')))
BEGIN
    SELECT RAISE(ABORT, 'this reviewer is paused or gone');
END;
