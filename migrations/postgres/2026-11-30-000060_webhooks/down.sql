DROP TABLE webhook_tallies;
DROP TABLE webhook_failures;
DROP TABLE webhook_deliveries;
