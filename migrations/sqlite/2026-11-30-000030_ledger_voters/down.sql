DROP TABLE ledger_voters;
