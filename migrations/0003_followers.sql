-- How far those followers are that outlive the daemon: vector stores on servers.
CREATE TABLE followers (
    -- Back-end, address and collection.
    name TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
