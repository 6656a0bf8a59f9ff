DROP TABLE hours_to_make;
DROP TABLE erased;
DROP TABLE voters;
