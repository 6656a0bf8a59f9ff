DROP TABLE tally_hours;
DROP INDEX votes_marked;
DROP TABLE bulk_events;
DROP TABLE removals;
ALTER TABLE tallies DROP COLUMN period_end;
ALTER TABLE tallies DROP COLUMN aside_skip;
ALTER TABLE tallies DROP COLUMN aside_ship;
