-- The disclosure ledger: a line for each time that something was, may have been or was not let across the
-- boundary. What each column means is said in `src/domain/ledger.rs`.
CREATE TABLE ledger (
    id BIGINT PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    way TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    host TEXT NOT NULL,
    reader TEXT,
    grant_id BIGINT,
    group_uri TEXT,
    matter TEXT NOT NULL,
    object TEXT NOT NULL,
    by_uri TEXT,
    digest TEXT,
    written_at BIGINT,
    bytes BIGINT NOT NULL
);
CREATE INDEX ledger_at ON ledger (at);
CREATE INDEX ledger_host ON ledger (host, at);
CREATE INDEX ledger_group ON ledger (group_uri, at);
-- For comparing books: by the day on which a text was written.
CREATE INDEX ledger_written ON ledger (host, written_at) WHERE written_at IS NOT NULL;

-- The chains: which line is the how many-th of its log, and the digest of the line and of all before it.
CREATE TABLE ledger_links (
    number BIGINT PRIMARY KEY NOT NULL,
    line_id BIGINT NOT NULL UNIQUE,
    hash TEXT NOT NULL
);
CREATE TABLE audit_links (
    number BIGINT PRIMARY KEY NOT NULL,
    line_id BIGINT NOT NULL UNIQUE,
    hash TEXT NOT NULL
);

-- Which revisions of which posts arrived from where: what two houses compare their books by.
CREATE TABLE received (
    id BIGINT PRIMARY KEY NOT NULL,
    host TEXT NOT NULL,
    group_uri TEXT NOT NULL,
    object TEXT NOT NULL,
    digest TEXT NOT NULL,
    written_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX received_revision ON received (host, group_uri, digest, written_at);
CREATE INDEX received_written ON received (host, written_at);

-- What comparing books with a partner came to when it was last done for the page: JSON.
CREATE TABLE comparisons (
    host TEXT PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    result TEXT NOT NULL
);

-- What of a post's text an activity carries, and how long it is.
ALTER TABLE messages ADD COLUMN digest TEXT;
ALTER TABLE messages ADD COLUMN written_at BIGINT;
ALTER TABLE messages ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
UPDATE messages SET bytes = octet_length(body);

-- Nobody changes or takes away a line or a link, whoever has the database's password in a program.
CREATE FUNCTION lines_are_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: lines are never changed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION lines_are_never_changed();
CREATE TRIGGER audit_links_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_links FOR EACH STATEMENT EXECUTE FUNCTION lines_are_never_changed();
CREATE TRIGGER ledger_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION lines_are_never_changed();
CREATE TRIGGER ledger_links_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_links FOR EACH STATEMENT EXECUTE FUNCTION lines_are_never_changed();
