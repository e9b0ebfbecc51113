-- Clean human data. The checks keep everything else out, whatever the code above them does.
CREATE TABLE human_sample (
    sample_id         VARCHAR NOT NULL,
    recipe            VARCHAR NOT NULL,
    -- seed: shown to models as examples; mixture: trained on; heldout: evaluation only, in no prompt;
    -- target: what models draft for, itself no training row.
    part              VARCHAR NOT NULL CHECK (part IN ('seed', 'mixture', 'heldout', 'target')),
    kind              VARCHAR NOT NULL,
    origin            VARCHAR NOT NULL CHECK (origin = 'human'),
    depth             INTEGER NOT NULL CHECK (depth = 0),
    stratum           VARCHAR NOT NULL,
    -- The document decides the part, so that no document is on both sides of the split.
    source            VARCHAR NOT NULL CHECK (trim(source) <> ''),
    licence           VARCHAR NOT NULL CHECK (trim(licence) <> ''),
    attestation       VARCHAR NOT NULL CHECK (trim(attestation) <> ''),
    content           VARCHAR NOT NULL,
    provenance        VARCHAR NOT NULL,
    provenance_digest VARCHAR NOT NULL,
    ingested_at       TIMESTAMPTZ NOT NULL DEFAULT now()
);
