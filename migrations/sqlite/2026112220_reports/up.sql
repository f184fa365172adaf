-- Posts that somebody asks the moderators of their group to look at.
CREATE TABLE reports (
    id BIGINT PRIMARY KEY NOT NULL,
    group_id BIGINT NOT NULL REFERENCES groups (actor_id),
    post_id BIGINT NOT NULL REFERENCES posts (id),
    -- Somebody here, or who signed the Flag: a person elsewhere or their server.
    by_id BIGINT NOT NULL REFERENCES actors (id),
    text TEXT NOT NULL,
    -- The servers of the author and of the group were asked to look, too.
    forwarded BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    -- NULL while it is open.
    resolved_at BIGINT,
    -- NULL also when the command line resolved it.
    resolved_by BIGINT
);
CREATE UNIQUE INDEX reports_post ON reports (post_id, by_id);
CREATE INDEX reports_group ON reports (group_id, id);
CREATE INDEX reports_by ON reports (by_id, resolved_at);
