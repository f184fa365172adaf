-- What people of other servers said in groups of ours and still stands there, as they said it, where they prove it
-- themselves: for servers whose people join later. `kind` is `text` (what made the post what it says now, by its author)
-- or `like`.
CREATE TABLE kept_activities (
    post_id BIGINT NOT NULL REFERENCES posts (id),
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (post_id, actor_id, kind)
);
