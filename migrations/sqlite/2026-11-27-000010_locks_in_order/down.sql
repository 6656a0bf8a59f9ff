-- Only Postgres has more than one writer.
SELECT 1;
