-- Only Postgres is a round trip away.
SELECT 1;
