-- The file that a document stands in (an archive, a mailbox, an export of a wiki); 0: none, it is
-- an entry of its source itself. The path of such a document begins with that of its file.
ALTER TABLE documents ADD COLUMN container BIGINT NOT NULL DEFAULT 0;
CREATE INDEX documents_in_containers ON documents (container) WHERE container <> 0;

-- Of documents inside files, the file is kept in `raw_path`: they are no entries that are spelt
-- otherwise.
DROP INDEX documents_spelt_otherwise;
CREATE INDEX documents_spelt_otherwise ON documents (source)
    WHERE LENGTH(raw_path) > 0 AND container = 0;
