-- The catalog: one dialect that SQLite and PostgreSQL both run.

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- The last change that was published.
CREATE TABLE sequence (
    id SMALLINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
INSERT INTO sequence (id, seq) VALUES (1, 0);

CREATE TABLE sources (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    space TEXT NOT NULL,
    path TEXT NOT NULL,
    -- JSON: how it is watched, what is included and excluded.
    settings TEXT NOT NULL,
    -- 'config' or 'command': who registered it.
    origin TEXT NOT NULL,
    -- JSON: what the root was known by when it was last seen; empty before the first scan.
    root TEXT NOT NULL,
    -- When the last complete scan ended, milliseconds since the epoch; 0 before the first.
    scanned_ms BIGINT NOT NULL
);

CREATE TABLE documents (
    id BIGINT NOT NULL PRIMARY KEY,
    source BIGINT NOT NULL,
    -- Relative to the source, '/'-separated, NFC.
    path TEXT NOT NULL,
    -- As spelt on disk; empty when that is `path`.
    raw_path BYTEA NOT NULL,
    type TEXT NOT NULL,
    size BIGINT NOT NULL,
    modified_ns BIGINT NOT NULL,
    -- BLAKE3 of the content; empty when it was never read.
    hash BYTEA NOT NULL,
    -- 0 indexed, 1 failed, 2 skipped.
    state SMALLINT NOT NULL,
    reason TEXT NOT NULL,
    title TEXT NOT NULL,
    language TEXT NOT NULL,
    -- JSON object.
    metadata TEXT NOT NULL,
    chunks BIGINT NOT NULL,
    -- How many of the chunks the embedding model reads.
    readable BIGINT NOT NULL,
    -- How many of the chunks have a vector.
    embedded BIGINT NOT NULL,
    -- 0 waits for the embedder, 1 done.
    embedding SMALLINT NOT NULL,
    -- Version of extraction and chunking that made the chunks.
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE UNIQUE INDEX documents_by_path ON documents (source, path);
CREATE UNIQUE INDEX documents_in_order ON documents (seq);
CREATE INDEX documents_by_hash ON documents (hash);
CREATE INDEX documents_to_embed ON documents (seq) WHERE embedding = 0;
CREATE INDEX documents_spelt_otherwise ON documents (source) WHERE LENGTH(raw_path) > 0;
CREATE INDEX documents_with_problems ON documents (seq) WHERE state <> 0;

-- The chunks of a document, 32 to a part, so that one hit of a huge document costs one part.
CREATE TABLE passages (
    document BIGINT NOT NULL,
    part BIGINT NOT NULL,
    -- The encoded chunks.
    chunks BYTEA NOT NULL,
    -- 16 bytes a chunk: the key of its vector.
    keys BYTEA NOT NULL,
    PRIMARY KEY (document, part)
);

-- Documents that are gone: with the documents in the order of their seq, the sequence of changes.
CREATE TABLE removals (
    document BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
CREATE UNIQUE INDEX removals_in_order ON removals (seq);

CREATE TABLE models (
    id BIGINT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    dimensions BIGINT NOT NULL
);

-- Vectors by model and content: the same text is embedded once.
CREATE TABLE vectors (
    model BIGINT NOT NULL,
    key BYTEA NOT NULL,
    -- 32-bit floats, little endian.
    vector BYTEA NOT NULL,
    PRIMARY KEY (model, key)
);
