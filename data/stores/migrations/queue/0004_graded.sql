-- Each decision looks at all of its reviewer's answers to gold.
CREATE INDEX decision_graded ON decision (reviewer, at) WHERE correct IS NOT NULL;
