-- What was approved of that people elsewhere asked for before they did it: `interacting` is the id of what they do,
-- `request` that of their question.
CREATE TABLE approvals (
    id BIGINT NOT NULL PRIMARY KEY,
    interaction TEXT NOT NULL,
    post_id BIGINT NOT NULL REFERENCES posts (id),
    by_id BIGINT NOT NULL REFERENCES actors (id),
    interacting TEXT NOT NULL,
    request TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (by_id, interacting)
);
CREATE INDEX approvals_post ON approvals (post_id);
