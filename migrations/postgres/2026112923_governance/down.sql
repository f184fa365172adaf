DROP TABLE grant_templates;
DROP TABLE proposals;
DROP TABLE stops;
