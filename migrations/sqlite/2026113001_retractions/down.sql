DROP INDEX ledger_fetched;
DROP TABLE taken_back;
DROP TABLE retracted;
DROP TABLE retractions;
