-- What was asked and answered, for follow-up questions and for whoever asked. No part of the
-- sequence of changes: nothing follows it.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    principal TEXT NOT NULL,
    title TEXT NOT NULL,
    began_ms BIGINT NOT NULL,
    asked_ms BIGINT NOT NULL
);
CREATE INDEX sessions_of_principal ON sessions (principal, asked_ms);

-- outcome: 0 answered, 1 refused, 2 partial, 3 passages without an answer.
-- feedback: 0 none, 1 helpful, 2 not helpful.
CREATE TABLE turns (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    question TEXT NOT NULL,
    query TEXT NOT NULL,
    answer TEXT NOT NULL,
    sources TEXT NOT NULL,
    outcome SMALLINT NOT NULL,
    model TEXT NOT NULL,
    asked_ms BIGINT NOT NULL,
    feedback SMALLINT NOT NULL,
    comment TEXT NOT NULL
);
CREATE INDEX turns_of_session ON turns (session, asked_ms);
