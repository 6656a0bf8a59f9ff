DELETE FROM site_facts WHERE name = 'alerts.version';
DROP TABLE alerts;
