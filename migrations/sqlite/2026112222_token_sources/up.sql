-- Where a group elsewhere that is not public gives us tokens (FEP-db0e), with which servers of its
-- members show us what they wrote in it.
ALTER TABLE groups ADD COLUMN token_source TEXT;
