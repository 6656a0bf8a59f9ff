DROP FUNCTION write_if_unchanged;
DROP FUNCTION read_for_batch;
DROP TABLE renamed_votes;
DELETE FROM site_facts WHERE name IN ('catalog.version', 'erasures.version');
ALTER TABLE erased DROP COLUMN version;
ALTER TABLE tools DROP COLUMN version;
ALTER TABLE tallies DROP COLUMN revision;
