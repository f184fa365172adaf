DROP TABLE person_ways;
