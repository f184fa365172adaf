-- Emergency stops that hold. A row is gone when it is released; the audit log keeps both.
CREATE TABLE stops (
    id BIGINT PRIMARY KEY NOT NULL,
    -- all, partner or group
    target TEXT NOT NULL,
    -- Of a partner's server; empty otherwise.
    host TEXT NOT NULL,
    -- NULL unless a group of ours is stopped.
    group_id BIGINT REFERENCES groups (actor_id),
    -- Empty: nobody said why.
    reason TEXT NOT NULL,
    -- A handle, or operator.
    stopped_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What waits for a second administrator, and what became of it.
CREATE TABLE proposals (
    id BIGINT PRIMARY KEY NOT NULL,
    -- JSON: what is to be done.
    act TEXT NOT NULL,
    -- The same as a sentence, as it was when it was proposed.
    sentence TEXT NOT NULL,
    -- pending, confirmed, rejected or expired
    state TEXT NOT NULL,
    -- NULL: the operator.
    proposed_by BIGINT REFERENCES actors (id),
    -- A handle, or operator.
    proposer TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT
);
CREATE INDEX proposals_pending ON proposals (id) WHERE state = 'pending';

-- Templates of grants that a house made itself.
CREATE TABLE grant_templates (
    name TEXT PRIMARY KEY NOT NULL,
    title TEXT NOT NULL,
    capabilities TEXT NOT NULL,
    -- NULL: by approval, or by invitation where the group is secret.
    join_mode TEXT,
    -- NULL: without end.
    days INTEGER,
    -- now, all, or a time
    history TEXT NOT NULL,
    apart BOOLEAN NOT NULL
);

-- When somebody last said that a grant is still needed; NULL: nobody since it was made.
ALTER TABLE grants ADD COLUMN reviewed_at BIGINT;
