-- When a file that is one document was written or last changed by what it says itself (the date of a
-- message, the last change of a wiki's page), in nanoseconds since the epoch; 0: it does not say, or
-- the document stands inside a file, where `modified_ns` is that already. A comparison with the
-- source goes by `modified_ns`.
ALTER TABLE documents ADD COLUMN stated_ns BIGINT NOT NULL DEFAULT 0;
