-- Which entries of the ledger name a voter: for each 4,096 entries, and each value of 6 bits of a voter's hash, 4 bytes of the hash and 2
-- of the entry's place among them. Written behind the votes, so that no vote pays for it.
CREATE TABLE ledger_voters (
    bucket SMALLINT NOT NULL,
    segment BIGINT NOT NULL,
    places BYTEA NOT NULL,
    PRIMARY KEY (bucket, segment)
);
