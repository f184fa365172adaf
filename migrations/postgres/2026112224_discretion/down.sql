ALTER TABLE dialects DROP COLUMN trusted_by;
ALTER TABLE partners DROP COLUMN discreet;
