DROP TABLE tool_redirects;
