-- What our side says a partnership is for, and until when; and when it was last confirmed to be needed.
ALTER TABLE partners ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
ALTER TABLE partners ADD COLUMN contact TEXT NOT NULL DEFAULT '';
ALTER TABLE partners ADD COLUMN until_at BIGINT;
-- NULL: as often as the house asks; 0: never.
ALTER TABLE partners ADD COLUMN confirm_months INTEGER;
-- NULL: nobody since it was made.
ALTER TABLE partners ADD COLUMN confirmed_at BIGINT;
-- What the other side told us of the same.
ALTER TABLE partners ADD COLUMN their_purpose TEXT NOT NULL DEFAULT '';
ALTER TABLE partners ADD COLUMN their_contact TEXT NOT NULL DEFAULT '';
ALTER TABLE partners ADD COLUMN their_until_at BIGINT;
-- Why it is paused: administrator, key_changed or unconfirmed. NULL unless it is.
ALTER TABLE partners ADD COLUMN paused_for TEXT;
UPDATE partners SET paused_for = 'administrator' WHERE state = 'paused';
-- When its server's keys were last looked at.
ALTER TABLE partners ADD COLUMN looked_at BIGINT NOT NULL DEFAULT 0;

ALTER TABLE invitations ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
ALTER TABLE invitations ADD COLUMN contact TEXT NOT NULL DEFAULT '';
ALTER TABLE invitations ADD COLUMN until_at BIGINT;
ALTER TABLE invitations ADD COLUMN confirm_months INTEGER;

-- Keys that a partner's server shows instead of the pinned ones, until an administrator compared them.
CREATE TABLE offered_keys (
    partner_id BIGINT NOT NULL REFERENCES partners (id),
    uri TEXT NOT NULL,
    list TEXT NOT NULL,
    public_pem TEXT NOT NULL,
    expires_at BIGINT,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (partner_id, uri)
);

-- What a partner's house last said of deliveries to and from us: JSON.
CREATE TABLE partner_views (
    host TEXT PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    view TEXT NOT NULL
);

-- What was last found out about a server's software: JSON.
CREATE TABLE probes (
    host TEXT PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    grade TEXT NOT NULL,
    findings TEXT NOT NULL
);
