-- What is told of a ban besides its end: the id of the Block, by which it may be taken back, and why.
CREATE TABLE bans (
    group_id BIGINT NOT NULL REFERENCES groups (actor_id),
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    uri TEXT NOT NULL,
    -- Empty: nobody said why.
    reason TEXT NOT NULL,
    -- What they wrote in the group was removed with it.
    removes_posts BOOLEAN NOT NULL,
    PRIMARY KEY (group_id, actor_id)
);
CREATE INDEX bans_uri ON bans (uri);

-- Dislikes of people elsewhere: nobody here gives any. Counted apart from likes.
CREATE TABLE dislikes (
    post_id BIGINT NOT NULL REFERENCES posts (id),
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    uri TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (post_id, actor_id)
);
CREATE INDEX dislikes_actor ON dislikes (actor_id);
CREATE INDEX dislikes_uri ON dislikes (uri);

-- Likes are taken back by their id, too.
CREATE INDEX reactions_uri ON reactions (uri);

-- The few topics that stand first in their group.
CREATE INDEX posts_pinned ON posts (group_id, id) WHERE pinned;

-- Who moderates a group elsewhere, as its house says. Not all of them are known here.
CREATE TABLE moderators_elsewhere (
    group_id BIGINT NOT NULL REFERENCES groups (actor_id),
    uri TEXT NOT NULL,
    PRIMARY KEY (group_id, uri)
);

-- Where a group elsewhere lists its pinned topics and its moderators.
ALTER TABLE groups ADD COLUMN featured TEXT;
ALTER TABLE groups ADD COLUMN moderators TEXT;

-- Where a group went, and which groups (addresses with spaces between them) it says it was before.
ALTER TABLE groups ADD COLUMN moved_to TEXT;
ALTER TABLE groups ADD COLUMN also_known_as TEXT;

-- Offers to move a group to another house, ours and others'.
CREATE TABLE moves (
    -- The id of the Offer, which both houses call it by.
    offer TEXT PRIMARY KEY NOT NULL,
    -- The group that is to move.
    group_uri TEXT NOT NULL,
    -- The other house.
    host TEXT NOT NULL,
    -- TRUE: a group of ours goes there. FALSE: one of theirs comes here.
    leaving BOOLEAN NOT NULL,
    -- NULL until it was accepted: the new group.
    target_uri TEXT,
    created_at BIGINT NOT NULL
);
