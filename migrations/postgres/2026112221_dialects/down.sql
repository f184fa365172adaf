DROP TABLE dialects;
