DROP TABLE comments;
DROP TABLE task_tags;
DROP TABLE tags;
DROP TABLE task_people;
DROP TABLE tasks;
