DROP TABLE membership_lock;
