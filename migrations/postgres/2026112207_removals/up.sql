-- Why a moderator took a post out of view; gone with its restoring.
CREATE TABLE removals (
    post_id BIGINT PRIMARY KEY NOT NULL REFERENCES posts (id),
    reason TEXT NOT NULL,
    at BIGINT NOT NULL
);
