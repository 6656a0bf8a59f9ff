ALTER TABLE vote_events DROP CONSTRAINT vote_events_pkey;
ALTER TABLE vote_events DROP COLUMN seq;
ALTER TABLE vote_events ADD PRIMARY KEY (tool_id, version);
