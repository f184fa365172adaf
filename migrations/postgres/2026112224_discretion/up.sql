-- Whether a partner's software is known, or was said by an administrator, to show what is not public only
-- to whom it is for; and who said so. Where both sides agreed to be partners it is a Guildhall.
ALTER TABLE partners ADD COLUMN discreet BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE partners SET discreet = mutual;
ALTER TABLE dialects ADD COLUMN trusted_by TEXT;
