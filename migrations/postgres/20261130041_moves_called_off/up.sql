-- How an offer to move a group ended that came to nothing: `withdrawn` by who made it, `declined` by who got it.
ALTER TABLE moves ADD COLUMN ended TEXT;
