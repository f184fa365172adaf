-- In which dialect a server takes part in our groups: what was learned of it and how, what software it
-- says it runs and when it was last asked, and what an administrator chose instead.
CREATE TABLE dialects (
    host TEXT PRIMARY KEY NOT NULL,
    learned TEXT,
    evidence TEXT,
    software TEXT,
    asked_at BIGINT,
    chosen TEXT,
    chosen_by TEXT
);
