-- What the house of a group elsewhere did not take of what somebody here said or did in it; gone when it
-- takes it after all. `title`, `source` and `html` are the text of an edit that was not taken: what
-- stands in `posts` is what the others read.
CREATE TABLE refusals (
    event_id BIGINT PRIMARY KEY NOT NULL REFERENCES events (id),
    kind TEXT NOT NULL,
    post_id BIGINT NOT NULL REFERENCES posts (id),
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    host TEXT NOT NULL,
    cause TEXT NOT NULL,
    activity_uri TEXT NOT NULL,
    title TEXT,
    source TEXT,
    html TEXT,
    at BIGINT NOT NULL
);
CREATE INDEX refusals_post ON refusals (post_id);

-- The Markdown of an earlier text, so that it can stand again.
ALTER TABLE revisions ADD COLUMN source TEXT;

-- Events that could not be put into words, and why: nobody was told of them.
CREATE TABLE untold (
    event_id BIGINT PRIMARY KEY NOT NULL REFERENCES events (id),
    problem TEXT NOT NULL,
    since BIGINT NOT NULL
);
