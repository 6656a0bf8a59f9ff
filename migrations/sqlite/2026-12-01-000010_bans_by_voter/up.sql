-- A claim asks whether its voters are banned.
CREATE INDEX bans_by_voter ON bans (voter) WHERE voter IS NOT NULL;
