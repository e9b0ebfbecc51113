-- What is known of a right answer, as JSON (see outcross.verifiers): of people's rows, and of tasks that programs made.
CREATE TABLE answer_key (
    recipe      VARCHAR NOT NULL,
    -- Of the row; or of the task, for one that no person wrote.
    sample_id   VARCHAR NOT NULL,
    key         VARCHAR NOT NULL CHECK (json_valid(key)),
    recorded_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
