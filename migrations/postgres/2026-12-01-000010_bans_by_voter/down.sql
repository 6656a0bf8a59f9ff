DROP INDEX bans_by_voter;
