-- Solutions of challenges (proof of work) that were used, until they end: the key decides which of two instances had it first.
CREATE TABLE spent_solutions (
    id BYTEA PRIMARY KEY NOT NULL, -- the first half of the challenge's signature
    expires_at BIGINT NOT NULL
);
