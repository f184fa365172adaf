DROP TABLE actor_documents;
DROP TABLE peers;
ALTER TABLE actor_keys DROP COLUMN expires_at;
ALTER TABLE actor_keys DROP COLUMN list;
