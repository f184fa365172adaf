DROP TABLE proposals;
DROP TABLE stops;
