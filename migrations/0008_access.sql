-- What holders of tokens show is kept as a hash; `key` is the part of the secret that finds it.
-- role: 0 read, 1 write, 2 admin. expires_ms and used_ms: 0 means never.
CREATE TABLE tokens (
    name TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    spaces TEXT NOT NULL,
    role SMALLINT NOT NULL,
    acts_for TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    used_ms BIGINT NOT NULL
);

-- The thread of a chat that a session is held in, by the chat's own name; empty: none.
ALTER TABLE sessions ADD COLUMN thread TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX sessions_of_thread ON sessions (principal, thread) WHERE thread <> '';

-- The spaces whose documents went into a turn, as a list in JSON: who may not see all of them any
-- more does not see the turn.
ALTER TABLE turns ADD COLUMN spaces TEXT NOT NULL DEFAULT '[]';

-- Question and answer in lower case, to search in; empty: kept before this column was there.
ALTER TABLE turns ADD COLUMN folded TEXT NOT NULL DEFAULT '';
