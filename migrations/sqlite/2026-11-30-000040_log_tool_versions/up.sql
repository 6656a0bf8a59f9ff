-- The version of the tally that the log states last: a tally with another one moved without the journal. 0: not known.
ALTER TABLE log_tools ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
