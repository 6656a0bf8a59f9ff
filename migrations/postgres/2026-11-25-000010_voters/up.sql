-- The names of voters that came under one: an import's texts, the site's users. A voter without a row is a visitor.
CREATE TABLE voters (
    id BYTEA PRIMARY KEY NOT NULL,
    name TEXT NOT NULL
);
-- Visitors that were erased, by a hash of their id: their tokens are no longer believed.
CREATE TABLE erased (
    hash BYTEA PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX erased_by_time ON erased (at);
-- Tools whose hours are still to be made again from the ledger, after an import of older votes.
CREATE TABLE hours_to_make (
    tool_id INTEGER PRIMARY KEY NOT NULL REFERENCES tools (id)
);
