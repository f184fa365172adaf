DROP TABLE kept_activities;
