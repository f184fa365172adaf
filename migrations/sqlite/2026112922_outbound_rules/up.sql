-- What of people here does not leave the house, or not before somebody looked at it.
CREATE TABLE outbound_rules (
    id BIGINT PRIMARY KEY NOT NULL,
    -- Whose it is: a group's or a partner's. Both NULL: the house's.
    group_id BIGINT REFERENCES groups (actor_id),
    partner_id BIGINT REFERENCES partners (id),
    kind TEXT NOT NULL,
    -- The pattern, the file types, the size in bytes or the address, as the kind says.
    condition TEXT NOT NULL,
    outcome TEXT NOT NULL,
    -- What the author is told.
    sentence TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Posts that stay inside until somebody looked at them.
CREATE TABLE holds (
    post_id BIGINT NOT NULL REFERENCES posts (id),
    -- The partner it is kept from; empty: everybody outside.
    host TEXT NOT NULL,
    state TEXT NOT NULL,
    sentence TEXT NOT NULL,
    -- What is told when it is released: that it was written, or that it was changed.
    news TEXT NOT NULL,
    -- The held post above it, with which it is released. NULL: it waits for itself.
    below_id BIGINT REFERENCES posts (id),
    since_at BIGINT NOT NULL,
    PRIMARY KEY (post_id, host)
);
CREATE INDEX holds_below ON holds (below_id);
CREATE INDEX holds_since ON holds (since_at);

-- Posts that somebody looked at: their text, as it is, needs no second look.
CREATE TABLE released (
    post_id BIGINT PRIMARY KEY NOT NULL REFERENCES posts (id),
    at BIGINT NOT NULL
);

-- Whether what somebody new from elsewhere says in a group, and their joining, waits for a moderator.
ALTER TABLE groups ADD COLUMN first_contact TEXT NOT NULL DEFAULT 'free';

-- People elsewhere whom a group knows: a moderator let them in or let them speak, or they were there before.
CREATE TABLE acquaintances (
    group_id BIGINT NOT NULL REFERENCES groups (actor_id),
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    -- What they say needs no look any more.
    spoke BOOLEAN NOT NULL,
    PRIMARY KEY (group_id, actor_id)
);

-- Posts of people whom a group does not know yet.
CREATE TABLE first_posts (
    post_id BIGINT PRIMARY KEY NOT NULL REFERENCES posts (id),
    -- As it arrived, to be passed on when it is let in.
    activity TEXT,
    -- A moderator did not let it in.
    turned_away BOOLEAN NOT NULL
);
