-- When a server last read something of a group, for the review of its grant.
CREATE INDEX ledger_read ON ledger (group_uri, host, at) WHERE way <> 'pushed';
