DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (next_attempt_at, id) WHERE state = 'pending';
DROP INDEX deliveries_lane;
CREATE INDEX deliveries_lane ON deliveries (host, lane, id) WHERE state = 'pending';
ALTER TABLE deliveries DROP COLUMN first_in_lane;
