DROP TABLE first_posts;
DROP TABLE acquaintances;
ALTER TABLE groups DROP COLUMN first_contact;
DROP TABLE released;
DROP TABLE holds;
DROP TABLE outbound_rules;
