DROP INDEX deliveries_host;
ALTER TABLE destinations DROP COLUMN clock_difference;
ALTER TABLE destinations DROP COLUMN probe_id;
ALTER TABLE destinations DROP COLUMN gap_limit;
ALTER TABLE destinations DROP COLUMN gap;
ALTER TABLE destinations DROP COLUMN not_before;
ALTER TABLE destinations DROP COLUMN failures;
