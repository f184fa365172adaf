DROP TABLE released;
DROP TABLE holds;
DROP TABLE outbound_rules;
