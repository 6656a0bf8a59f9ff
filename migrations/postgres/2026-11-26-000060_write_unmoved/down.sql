DROP FUNCTION write_unmoved;
