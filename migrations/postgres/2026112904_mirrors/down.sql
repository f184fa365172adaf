ALTER TABLE posts DROP COLUMN interaction;
DROP TABLE mirrored_people;
ALTER TABLE groups DROP COLUMN boosts;
ALTER TABLE groups DROP COLUMN mirror;
