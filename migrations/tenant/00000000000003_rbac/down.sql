DROP TABLE members;
DROP TABLE roles;
