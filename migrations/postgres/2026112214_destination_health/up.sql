-- How sending to a server goes: failures in a row, when it may be asked again, from one delivery to the
-- next, what that falls to (both in microseconds), the delivery that tries whether it is back, and our
-- clock less theirs in seconds.
ALTER TABLE destinations ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN not_before BIGINT NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN gap BIGINT NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN gap_limit BIGINT NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN probe_id BIGINT;
ALTER TABLE destinations ADD COLUMN clock_difference BIGINT;

-- What waits for one server: for choosing what tries it, and for all of it when it is back.
CREATE INDEX deliveries_host ON deliveries (host, attempts, id) WHERE state = 'pending' AND first_in_lane;
