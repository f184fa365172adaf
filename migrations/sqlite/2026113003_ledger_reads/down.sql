DROP INDEX ledger_read;
