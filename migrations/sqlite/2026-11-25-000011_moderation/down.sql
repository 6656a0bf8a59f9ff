ALTER TABLE tokens DROP COLUMN last_used_at;
ALTER TABLE tokens DROP COLUMN expires_at;
DROP TABLE bans;
DROP TABLE audit;
DELETE FROM site_facts WHERE name IN ('audit.head', 'bans.version');
