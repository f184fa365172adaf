-- Everything and everybody that can act. `host` is empty for actors of this house.
CREATE TABLE actors (
    id INTEGER PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    uri TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    display_name TEXT NOT NULL,
    summary TEXT NOT NULL,
    inbox TEXT NOT NULL,
    shared_inbox TEXT,
    followers TEXT,
    outbox TEXT,
    created_at BIGINT NOT NULL,
    fetched_at BIGINT,
    UNIQUE (name, host)
);
CREATE INDEX actors_host ON actors (host);

CREATE TABLE actor_keys (
    uri TEXT PRIMARY KEY NOT NULL,
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    public_pem TEXT NOT NULL,
    private_pem TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX actor_keys_actor ON actor_keys (actor_id);

-- Keys made ahead: making one takes a third of a second.
CREATE TABLE key_pool (
    id INTEGER PRIMARY KEY NOT NULL,
    private_pem TEXT NOT NULL,
    public_pem TEXT NOT NULL
);

CREATE TABLE accounts (
    actor_id INTEGER PRIMARY KEY NOT NULL REFERENCES actors (id),
    email TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    password_hash TEXT,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    actor_id BIGINT NOT NULL REFERENCES accounts (actor_id),
    agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_actor ON sessions (actor_id);

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    actor_id BIGINT NOT NULL REFERENCES accounts (actor_id),
    client TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX tokens_actor ON tokens (actor_id);

CREATE TABLE groups (
    actor_id INTEGER PRIMARY KEY NOT NULL REFERENCES actors (id),
    access TEXT NOT NULL,
    stage TEXT NOT NULL,
    description TEXT NOT NULL,
    archived_at BIGINT,
    withdrawn_at BIGINT,
    created_at BIGINT NOT NULL
);

CREATE TABLE memberships (
    group_id BIGINT NOT NULL REFERENCES groups (actor_id),
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    state TEXT NOT NULL,
    role TEXT NOT NULL,
    follow_uri TEXT,
    banned_until BIGINT,
    since BIGINT NOT NULL,
    PRIMARY KEY (group_id, actor_id)
);
CREATE INDEX memberships_actor ON memberships (actor_id, state);

CREATE TABLE partners (
    id INTEGER PRIMARY KEY NOT NULL,
    host TEXT NOT NULL UNIQUE,
    class TEXT NOT NULL,
    state TEXT NOT NULL,
    organization TEXT NOT NULL,
    instance_uri TEXT,
    mutual BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE invitations (
    id INTEGER PRIMARY KEY NOT NULL,
    code_hash TEXT NOT NULL UNIQUE,
    class TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_by TEXT,
    created_at BIGINT NOT NULL
);

-- Ended grants stay as a record; at most one of a group and partner stands.
CREATE TABLE grants (
    id INTEGER PRIMARY KEY NOT NULL,
    group_id BIGINT NOT NULL REFERENCES groups (actor_id),
    partner_id BIGINT NOT NULL REFERENCES partners (id),
    capabilities TEXT NOT NULL,
    join_mode TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT,
    history_from BIGINT NOT NULL,
    apart BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE UNIQUE INDEX grants_standing ON grants (group_id, partner_id) WHERE ended_at IS NULL;
CREATE INDEX grants_partner ON grants (partner_id);

-- What the house of a group elsewhere told us we may do in it.
CREATE TABLE received_grants (
    group_id INTEGER PRIMARY KEY NOT NULL REFERENCES groups (actor_id),
    uri TEXT NOT NULL,
    capabilities TEXT NOT NULL,
    join_mode TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT,
    history_from BIGINT NOT NULL
);

-- `topic_created_at` stands in every row: a topic's age decides for its whole thread.
CREATE TABLE posts (
    id INTEGER PRIMARY KEY NOT NULL,
    uri TEXT NOT NULL UNIQUE,
    group_id BIGINT REFERENCES groups (actor_id),
    author_id BIGINT NOT NULL REFERENCES actors (id),
    topic_id BIGINT NOT NULL,
    parent_id BIGINT,
    title TEXT,
    source TEXT,
    html TEXT NOT NULL,
    audience TEXT NOT NULL,
    state TEXT NOT NULL,
    locked BOOLEAN NOT NULL,
    pinned BOOLEAN NOT NULL,
    shared_by_exception BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    topic_created_at BIGINT NOT NULL,
    edited_at BIGINT,
    comments INTEGER NOT NULL,
    likes INTEGER NOT NULL,
    active_at BIGINT NOT NULL
);
CREATE INDEX posts_topics ON posts (group_id, id) WHERE parent_id IS NULL;
CREATE INDEX posts_thread ON posts (topic_id, id);
CREATE INDEX posts_author ON posts (author_id, id);

CREATE TABLE revisions (
    id INTEGER PRIMARY KEY NOT NULL,
    post_id BIGINT NOT NULL REFERENCES posts (id),
    title TEXT,
    html TEXT NOT NULL,
    until_at BIGINT NOT NULL
);
CREATE INDEX revisions_post ON revisions (post_id);

CREATE TABLE mentions (
    post_id BIGINT NOT NULL REFERENCES posts (id),
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    PRIMARY KEY (post_id, actor_id)
);

CREATE TABLE reactions (
    post_id BIGINT NOT NULL REFERENCES posts (id),
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    uri TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (post_id, actor_id)
);

-- Things deleted before we heard of them: their late Create changes nothing.
CREATE TABLE tombstones (
    uri TEXT PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL
);

CREATE TABLE events (
    id INTEGER PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    actor_id BIGINT NOT NULL,
    group_id BIGINT,
    post_id BIGINT,
    object_id BIGINT,
    activity TEXT,
    at BIGINT NOT NULL,
    planned_at BIGINT
);
CREATE INDEX events_unplanned ON events (id) WHERE planned_at IS NULL;

-- The bytes of an activity, once for all its destinations.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY NOT NULL,
    event_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL REFERENCES messages (id),
    host TEXT NOT NULL,
    inbox TEXT NOT NULL,
    lane BIGINT NOT NULL,
    signer_id BIGINT NOT NULL,
    ground TEXT NOT NULL,
    group_id BIGINT,
    post_id BIGINT,
    activity_uri TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    last_status INTEGER,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX deliveries_lane ON deliveries (host, lane, id) WHERE state = 'pending';
CREATE INDEX deliveries_due ON deliveries (next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX deliveries_finished ON deliveries (state, host) WHERE state <> 'sent' AND state <> 'pending';
CREATE INDEX deliveries_post ON deliveries (post_id, host);
CREATE INDEX deliveries_group ON deliveries (group_id, host) WHERE state = 'pending';

CREATE TABLE destinations (
    host TEXT PRIMARY KEY NOT NULL,
    last_success_at BIGINT,
    last_error_at BIGINT,
    last_error TEXT
);

CREATE TABLE arrivals (
    id INTEGER PRIMARY KEY NOT NULL,
    activity_uri TEXT NOT NULL UNIQUE,
    signer_id BIGINT NOT NULL,
    host TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    attempts INTEGER NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    applied_at BIGINT
);
CREATE INDEX arrivals_pending ON arrivals (id) WHERE state = 'pending';

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY NOT NULL,
    work TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    problem TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX jobs_pending ON jobs (next_attempt_at) WHERE state = 'pending';

CREATE TABLE audit (
    id INTEGER PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);

CREATE TABLE security_log (
    id INTEGER PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    claimed_actor TEXT NOT NULL,
    peer TEXT NOT NULL
);

CREATE TABLE settings (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);
