ALTER TABLE erased DROP COLUMN ends_at;
