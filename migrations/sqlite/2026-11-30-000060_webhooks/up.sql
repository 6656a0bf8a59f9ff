-- One event for one endpoint of webhooks: pending until the endpoint takes it.
CREATE TABLE webhook_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    endpoint TEXT NOT NULL, -- its name in the settings
    event_id TEXT NOT NULL, -- the header webhook-id, the same with each attempt
    event TEXT NOT NULL, -- such as tally.moved
    tool TEXT NOT NULL, -- its slug
    alert_id BIGINT REFERENCES alerts (id), -- its message is made from the alert when it is sent
    payload TEXT, -- the message as JSON; NULL for an alert
    summary TEXT NOT NULL, -- the event as a sentence
    state SMALLINT NOT NULL DEFAULT 0, -- 0 pending, 1 delivered, 2 given up
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL, -- not tried before
    failure TEXT, -- of the last attempt
    UNIQUE (endpoint, event_id)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint, state, next_at);
-- A newer tally of a tool replaces the one that is pending.
CREATE INDEX webhook_deliveries_replaced ON webhook_deliveries (endpoint, state, event, tool);
-- Endpoints that fail. An endpoint that takes what it is sent has no row.
CREATE TABLE webhook_failures (
    endpoint TEXT PRIMARY KEY NOT NULL,
    failing_since BIGINT NOT NULL,
    failures INTEGER NOT NULL, -- attempts since then
    disabled_at BIGINT -- NULL while it is still tried
);
-- The counts of each tool as the last event had them.
CREATE TABLE webhook_tallies (
    tool_id INTEGER PRIMARY KEY NOT NULL REFERENCES tools (id),
    ship BIGINT NOT NULL,
    skip BIGINT NOT NULL,
    panel_ship INTEGER NOT NULL,
    panel_skip INTEGER NOT NULL,
    version BIGINT NOT NULL, -- of the tally then
    sent_at BIGINT NOT NULL
);
