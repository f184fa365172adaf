DROP TABLE untold;
ALTER TABLE revisions DROP COLUMN source;
DROP TABLE refusals;
