DROP TABLE merged_votes;
DROP TABLE merges;
