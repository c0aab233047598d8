-- What the embedding model that is to come has of each document, until it takes over.
CREATE TABLE successor (
    document BIGINT NOT NULL PRIMARY KEY,
    -- The change that its passages were read at.
    seq BIGINT NOT NULL,
    readable BIGINT NOT NULL
);

-- When a vector was stored, milliseconds since the epoch: what no document needs goes, oldest first.
ALTER TABLE vectors ADD COLUMN stored_ms BIGINT NOT NULL DEFAULT 0;
