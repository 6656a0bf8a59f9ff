DELETE FROM site_facts WHERE name = 'networks.forgotten_before';
ALTER TABLE bans DROP COLUMN ban_hash;
DROP TABLE network_keys;
