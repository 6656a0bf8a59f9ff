-- Visitors who came as a signed-in user on a tool: what they had there is the user's, and they vote there no more.
CREATE TABLE spent (
    visitor BYTEA NOT NULL,
    tool_id INTEGER NOT NULL REFERENCES tools (id),
    PRIMARY KEY (visitor, tool_id)
);
