-- Which list of its actor's document a key stands in, and until when it counts. A key of ours that
-- was replaced has an end; until then it is published and no longer signs.
ALTER TABLE actor_keys ADD COLUMN list TEXT NOT NULL DEFAULT 'public_key';
ALTER TABLE actor_keys ADD COLUMN expires_at BIGINT;

-- How requests to a server are signed, and how we came to know.
CREATE TABLE peers (
    host TEXT PRIMARY KEY NOT NULL,
    signature TEXT NOT NULL,
    learned TEXT NOT NULL,
    learned_at BIGINT NOT NULL
);

-- The document of an actor elsewhere as its own server signed it: passed on with what the actor
-- does in a group of ours, so that servers which may not ask for it can check who speaks.
CREATE TABLE actor_documents (
    actor_id INTEGER PRIMARY KEY NOT NULL REFERENCES actors (id),
    body TEXT NOT NULL,
    signed_at BIGINT NOT NULL
);
