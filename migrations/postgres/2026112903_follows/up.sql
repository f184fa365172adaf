-- Who follows whom: people here and elsewhere. `uri` is the id of the Follow.
CREATE TABLE follows (
    follower_id BIGINT NOT NULL REFERENCES actors (id),
    followed_id BIGINT NOT NULL REFERENCES actors (id),
    state TEXT NOT NULL,
    uri TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (follower_id, followed_id)
);
CREATE INDEX follows_followed ON follows (followed_id, state);

-- Who outside may follow somebody, as they chose.
ALTER TABLE accounts ADD COLUMN followers TEXT NOT NULL DEFAULT 'each';

-- What began on somebody's profile, for timelines.
CREATE INDEX posts_profile ON posts (author_id, id) WHERE group_id IS NULL AND parent_id IS NULL;
