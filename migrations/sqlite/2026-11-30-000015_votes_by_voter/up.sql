-- Whether a voter has a vote of an earlier day is asked at the first vote on a tool: one look instead of one for each tool.
CREATE INDEX votes_by_voter ON votes (voter);
