-- How a group reaches servers that know no groups: copies of its posts in its own name where it is not
-- public, boosts of comments where it is. Who lets the group copy what they write. And what authors elsewhere say
-- of who may like, answer or boost a post of theirs; none: they say nothing.
ALTER TABLE groups ADD COLUMN mirror TEXT NOT NULL DEFAULT 'off';
ALTER TABLE groups ADD COLUMN boosts TEXT NOT NULL DEFAULT 'topics';
CREATE TABLE mirrored_people (
    actor_id INTEGER PRIMARY KEY NOT NULL REFERENCES actors (id),
    since_at BIGINT NOT NULL
);
ALTER TABLE posts ADD COLUMN interaction TEXT;
