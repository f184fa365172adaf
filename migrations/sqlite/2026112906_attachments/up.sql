-- Pictures and files of posts, and those that were uploaded and are in no post yet.
CREATE TABLE attachments (
    id BIGINT PRIMARY KEY NOT NULL,
    -- Who uploaded it here, or wrote the post elsewhere.
    owner_id BIGINT NOT NULL REFERENCES actors (id),
    -- NULL: in no post yet.
    post_id BIGINT REFERENCES posts (id),
    -- Among those of its post.
    place INTEGER NOT NULL,
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Two numbers with a comma between.
    focus TEXT,
    width INTEGER,
    height INTEGER,
    blurhash TEXT,
    -- Where its author's server has it. NULL: uploaded here.
    origin TEXT,
    -- SHA-256, hexadecimal, that it is said to have there.
    origin_digest TEXT,
    -- It cannot be had from there.
    failed BOOLEAN NOT NULL,
    -- SHA-256, hexadecimal, of the file in the folder, and of the small picture of it.
    -- NULL: not here.
    digest TEXT,
    preview TEXT,
    bytes BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX attachments_post ON attachments (post_id, place);
CREATE INDEX attachments_owner ON attachments (owner_id, post_id);
CREATE INDEX attachments_digest ON attachments (digest);
CREATE INDEX attachments_preview ON attachments (preview);

-- Files that an attachment referred to which is gone: they are removed when nothing else refers to them.
CREATE TABLE dropped_files (
    -- SHA-256, hexadecimal.
    digest TEXT PRIMARY KEY NOT NULL
);
