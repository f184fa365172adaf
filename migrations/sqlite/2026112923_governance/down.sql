ALTER TABLE grants DROP COLUMN reviewed_at;
DROP TABLE grant_templates;
DROP TABLE proposals;
DROP TABLE stops;
