-- Who somebody here was elsewhere (addresses with spaces between), and where they went.
CREATE TABLE person_ways (
    actor_id BIGINT NOT NULL PRIMARY KEY REFERENCES actors (id),
    also_known_as TEXT NOT NULL,
    moved_to TEXT
);
