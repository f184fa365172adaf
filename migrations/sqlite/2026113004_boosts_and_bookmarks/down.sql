DROP TABLE bookmarks;
DROP TABLE boosts;
