-- What a post asks, when it is a poll.
CREATE TABLE polls (
    post_id BIGINT PRIMARY KEY NOT NULL REFERENCES posts (id),
    -- Whoever votes may choose several options.
    multiple BOOLEAN NOT NULL,
    -- What was chosen how often is not shown before the end.
    hides_totals BOOLEAN NOT NULL,
    -- NULL: it stays open.
    ends_at BIGINT,
    -- How many people voted; NULL where the author's server, which counts, does not say.
    voters INTEGER,
    -- When others were last told how the votes stand, and when they are to be told next; only of
    -- polls that are counted here.
    told_at BIGINT,
    tell_at BIGINT
);
CREATE INDEX polls_tell ON polls (tell_at);

CREATE TABLE poll_options (
    post_id BIGINT NOT NULL REFERENCES polls (post_id),
    -- From 0 on, in the order of the author.
    position INTEGER NOT NULL,
    title TEXT NOT NULL,
    -- NULL where it is not said.
    votes INTEGER,
    PRIMARY KEY (post_id, position)
);

-- Who chose what: everybody in polls that are counted here, only our own people in those that are
-- counted elsewhere.
CREATE TABLE poll_votes (
    post_id BIGINT NOT NULL REFERENCES polls (post_id),
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    position INTEGER NOT NULL,
    voted_at BIGINT NOT NULL,
    PRIMARY KEY (post_id, actor_id, position)
);
CREATE INDEX poll_votes_actor ON poll_votes (actor_id);
