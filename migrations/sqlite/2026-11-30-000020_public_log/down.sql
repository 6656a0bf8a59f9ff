DROP TABLE log_index;
DROP TABLE log_lists;
DROP TABLE log_tiles;
DROP TABLE log_bundles;
DROP TABLE log_tools;
DROP TABLE logs;
DROP TABLE log_journal;
DROP TABLE withdrawn_ballots;
ALTER TABLE votes DROP COLUMN ballot;
