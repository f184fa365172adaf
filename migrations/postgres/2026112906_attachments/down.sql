DROP TABLE dropped_files;
DROP TABLE attachments;
