-- What people passed on, here and elsewhere. A boost stands in timelines among posts, so its id sorts with
-- theirs; `uri` is the id of the Announce.
CREATE TABLE boosts (
    id BIGINT NOT NULL PRIMARY KEY,
    post_id BIGINT NOT NULL REFERENCES posts (id),
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    uri TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (post_id, actor_id)
);
CREATE INDEX boosts_actor ON boosts (actor_id, id);
CREATE INDEX boosts_uri ON boosts (uri);

-- What somebody here marked to find it again. Nobody else sees it.
CREATE TABLE bookmarks (
    id BIGINT NOT NULL PRIMARY KEY,
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    post_id BIGINT NOT NULL REFERENCES posts (id),
    UNIQUE (actor_id, post_id)
);
CREATE INDEX bookmarks_post ON bookmarks (post_id);
