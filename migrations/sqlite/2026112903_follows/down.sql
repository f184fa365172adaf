DROP INDEX posts_profile;
ALTER TABLE accounts DROP COLUMN followers;
DROP TABLE follows;
