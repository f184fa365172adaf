DELETE FROM outbound_rules WHERE kind = 'label';
ALTER TABLE posts DROP COLUMN label;
ALTER TABLE groups DROP COLUMN label;
DROP TABLE labels;
