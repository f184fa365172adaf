ALTER TABLE groups DROP COLUMN token_source;
