DROP TABLE seen_changes;
DROP TABLE origin_sums;
DROP INDEX votes_marked_wide_origin;
DROP INDEX votes_marked_origin;
ALTER TABLE votes DROP COLUMN first_choice;
ALTER TABLE votes DROP COLUMN wide_origin;
ALTER TABLE votes DROP COLUMN origin;
