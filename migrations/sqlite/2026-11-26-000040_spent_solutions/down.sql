DROP TABLE spent_solutions;
