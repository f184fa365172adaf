ALTER TABLE partners DROP COLUMN ended_at;
ALTER TABLE partners DROP COLUMN ended_by;
ALTER TABLE partners DROP COLUMN agreement;
