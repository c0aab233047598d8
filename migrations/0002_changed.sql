-- When the entry last changed in any way (ctime), nanoseconds since the epoch; 0 unknown.
ALTER TABLE documents ADD COLUMN changed_ns BIGINT NOT NULL DEFAULT 0;
