DROP TABLE invited_handles;
DROP INDEX tombstones_host;
ALTER TABLE tombstones DROP COLUMN host;
DROP INDEX deliveries_message;
DROP TABLE post_hosts;
