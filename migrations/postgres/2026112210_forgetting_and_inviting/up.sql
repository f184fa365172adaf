-- Which server has (or may have) which post: what is left of a delivery when its row is forgotten, so
-- that a post can still be taken back wherever it went.
CREATE TABLE post_hosts (
    post_id BIGINT NOT NULL,
    host TEXT NOT NULL,
    inbox TEXT NOT NULL,
    PRIMARY KEY (post_id, host)
);

-- A message goes with its last delivery.
CREATE INDEX deliveries_message ON deliveries (message_id);

-- Whose things were deleted before we heard of them: so many of one server are remembered.
ALTER TABLE tombstones ADD COLUMN host TEXT NOT NULL DEFAULT '';
UPDATE tombstones SET host = split_part(split_part(uri, '://', 2), '/', 1);
CREATE INDEX tombstones_host ON tombstones (host, at);

-- Who is invited by handle: their server tells of its people only to whom it shares a group with.
CREATE TABLE invited_handles (
    group_id BIGINT NOT NULL REFERENCES groups (actor_id),
    host TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (group_id, host, name)
);
