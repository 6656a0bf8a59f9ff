-- From when on no token of an erased visitor can be believed any more; then its hash may go. A user's never ends.
ALTER TABLE erased ADD COLUMN ends_at BIGINT;
