-- What a tool is, in its own words: plain text, a blank line between paragraphs.
ALTER TABLE tools ADD COLUMN description TEXT;
