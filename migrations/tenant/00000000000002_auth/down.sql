DROP TABLE sessions;
DROP TABLE credentials;
