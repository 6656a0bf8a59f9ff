DROP TABLE site_facts;
DROP TABLE tokens;
DROP TABLE vote_events;
DROP TABLE votes;
DROP TABLE tallies;
DROP TABLE reviews;
DROP TABLE tools;
