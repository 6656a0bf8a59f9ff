DROP INDEX votes_by_voter;
