ALTER TABLE log_tools DROP COLUMN version;
