-- Moderators' browsers. Only the hash of a session's id is kept; the token that it was begun with stands behind it.
CREATE TABLE sessions (
    hash BYTEA PRIMARY KEY NOT NULL,
    token_id BYTEA NOT NULL,
    begun_at BIGINT NOT NULL,
    -- The last call, to a part of the time after which an idle session ends.
    seen_at BIGINT NOT NULL
);
