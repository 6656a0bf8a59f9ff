ALTER TABLE tools DROP COLUMN description;
