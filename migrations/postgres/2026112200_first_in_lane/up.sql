-- Whether a delivery is the first that waits in its lane (server and topic): only that one may be
-- taken. Kept with the row, so that taking what is due does not read everything that waits behind it.
ALTER TABLE deliveries ADD COLUMN first_in_lane BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE deliveries SET first_in_lane = TRUE
    WHERE state = 'pending' AND NOT EXISTS (
        SELECT 1 FROM deliveries e
        WHERE e.host = deliveries.host AND e.lane = deliveries.lane AND e.state = 'pending' AND e.id < deliveries.id);
DROP INDEX deliveries_lane;
CREATE INDEX deliveries_lane ON deliveries (lane, host, id) WHERE state = 'pending';
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (next_attempt_at, id) WHERE state = 'pending' AND first_in_lane;
