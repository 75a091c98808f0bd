CREATE TABLE tasks (
    id            uuid         PRIMARY KEY,
    title         varchar(300) NOT NULL CONSTRAINT tasks_title_check CHECK (title <> ''),
    description   text         NOT NULL CONSTRAINT tasks_description_check CHECK (length(description) <= 20000),
    status        varchar(11)  NOT NULL CONSTRAINT tasks_status_check CHECK (status IN ('todo', 'in_progress', 'done', 'cancelled')),
    priority      varchar(6)   NOT NULL CONSTRAINT tasks_priority_check CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    due_on        date,
    created_by_id uuid         NOT NULL,
    version       integer      NOT NULL DEFAULT 1,
    created_at    timestamptz  NOT NULL,
    updated_at    timestamptz  NOT NULL
);
COMMENT ON COLUMN tasks.created_by_id IS 'Who made it, also after they left: no foreign key.';

CREATE TABLE task_people (
    task_id  uuid       NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    user_id  uuid       NOT NULL CONSTRAINT task_people_user_id_fkey REFERENCES users (id) ON DELETE CASCADE,
    relation varchar(8) NOT NULL CONSTRAINT task_people_relation_check CHECK (relation IN ('creator', 'assignee', 'viewer')),
    PRIMARY KEY (task_id, relation, user_id)
);
CREATE INDEX task_people_user_id ON task_people (user_id, relation, task_id);
COMMENT ON TABLE task_people IS 'How people are related to tasks: all that a scope needs to know, in one index from a person to their tasks.';

CREATE TABLE tags (
    id            uuid        PRIMARY KEY,
    name          varchar(50) NOT NULL CONSTRAINT tags_name_key UNIQUE CONSTRAINT tags_name_check CHECK (name <> ''),
    created_by_id uuid        NOT NULL,
    version       integer     NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

CREATE TABLE task_tags (
    task_id uuid NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    tag_id  uuid NOT NULL CONSTRAINT task_tags_tag_id_fkey REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (task_id, tag_id)
);
CREATE INDEX task_tags_tag_id ON task_tags (tag_id, task_id);

CREATE TABLE comments (
    id         uuid        PRIMARY KEY,
    task_id    uuid        NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    author_id  uuid        NOT NULL,
    body       text        NOT NULL CONSTRAINT comments_body_check CHECK (body <> '' AND length(body) <= 10000),
    version    integer     NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX comments_task_id ON comments (task_id, id);
COMMENT ON COLUMN comments.author_id IS 'Who wrote it, also after they left: no foreign key.';

DO $$ BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON tasks, task_people, tags, task_tags, comments TO %I', current_schema());
END $$;
