-- Instants are microseconds since 1970-01-01T00:00:00Z. Ids are 16 bytes, big endian. The tenant is first in every key.

CREATE TABLE position (
  name TEXT PRIMARY KEY,        -- detect, lake
  seq  INTEGER NOT NULL         -- the last line covered
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
  name  TEXT PRIMARY KEY,       -- alert_blob
  value INTEGER NOT NULL        -- the last number given; never given again
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_blob (
  tenant BLOB NOT NULL,
  number INTEGER NOT NULL,      -- unique over all tenants
  alerts INTEGER NOT NULL,      -- how many are in it
  body   BLOB NOT NULL,         -- zstd of a JSON array of alerts
  PRIMARY KEY (tenant, number)
) STRICT;
CREATE UNIQUE INDEX alert_blob_number ON alert_blob (number);

CREATE TABLE segment (
  tenant         BLOB NOT NULL,
  id             BLOB NOT NULL,
  dataset        TEXT NOT NULL,
  day            TEXT NOT NULL, -- UTC day of reception, YYYY-MM-DD
  level          INTEGER NOT NULL,
  path           TEXT NOT NULL,
  row_count      INTEGER NOT NULL,
  bytes          INTEGER NOT NULL,
  received_from  INTEGER NOT NULL,
  received_to    INTEGER NOT NULL,
  time_from      INTEGER NOT NULL,
  time_to        INTEGER NOT NULL,
  event_from     BLOB NOT NULL,
  event_to       BLOB NOT NULL,
  sha256         TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  sources        TEXT NOT NULL, -- JSON: [[source id, rows], ...]
  retired        INTEGER,       -- when it was replaced or expired; NULL while it is live
  PRIMARY KEY (tenant, id)
) STRICT;
CREATE UNIQUE INDEX segment_id ON segment (id);
CREATE INDEX segment_view ON segment (tenant, dataset, received_to) WHERE retired IS NULL;
CREATE INDEX segment_retired ON segment (retired) WHERE retired IS NOT NULL;

CREATE TABLE lake_account (
  tenant      BLOB NOT NULL,
  source      BLOB NOT NULL,
  stored      INTEGER NOT NULL,
  quarantined INTEGER NOT NULL,
  duplicates  INTEGER NOT NULL,
  PRIMARY KEY (tenant, source)
) STRICT, WITHOUT ROWID;
