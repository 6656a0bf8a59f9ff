-- Slugs that a tool had before it was renamed: their addresses lead to the tool.
CREATE TABLE tool_redirects (
    slug TEXT NOT NULL PRIMARY KEY,
    tool_id INTEGER NOT NULL REFERENCES tools (id)
);
