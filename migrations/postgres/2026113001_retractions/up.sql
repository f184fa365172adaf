-- What we asked a partner to throw away again, and what it said. One row a request.
CREATE TABLE retractions (
    id BIGINT PRIMARY KEY NOT NULL,
    host TEXT NOT NULL,
    -- The group it got it in.
    group_id BIGINT NOT NULL REFERENCES groups (actor_id),
    -- grant_ended, partnership_ended, asked or deleted
    cause TEXT NOT NULL,
    -- Its software answers what it threw away.
    can_confirm BOOLEAN NOT NULL,
    -- A handle, a host, or operator.
    asked_by TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    -- When it was asked last.
    repeated_at BIGINT NOT NULL,
    -- When it answered last, and how many it says are gone; NULL: it has not.
    answered_at BIGINT,
    said INTEGER
);
CREATE INDEX retractions_host ON retractions (host, id);

-- The posts of a request.
CREATE TABLE retracted (
    retraction_id BIGINT NOT NULL REFERENCES retractions (id),
    post_id BIGINT NOT NULL REFERENCES posts (id),
    -- Since when it is said to be gone there; NULL: nobody said so.
    confirmed_at BIGINT,
    PRIMARY KEY (retraction_id, post_id)
);
CREATE INDEX retracted_post ON retracted (post_id);
CREATE INDEX retracted_open ON retracted (retraction_id) WHERE confirmed_at IS NULL;

-- Posts of others that their house asked us to throw away: what is left is the place where they stood.
CREATE TABLE taken_back (
    post_id BIGINT PRIMARY KEY NOT NULL REFERENCES posts (id),
    -- The house that asked.
    host TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- Which servers fetched a post.
CREATE INDEX ledger_fetched ON ledger (object) WHERE way <> 'pushed';
