CREATE TABLE said (
  tenant   BLOB NOT NULL,
  alert    BLOB NOT NULL,       -- an alert that may be found again and is kept once
  received INTEGER NOT NULL,
  PRIMARY KEY (tenant, alert)
) STRICT, WITHOUT ROWID;
CREATE INDEX said_received ON said (received);

CREATE TABLE memory (
  name TEXT PRIMARY KEY,        -- sequence/<tenant>/<correlation>, baseline/<tenant>, seen/<tenant>
  body BLOB NOT NULL            -- zstd; all pieces are as of position `memory`
) STRICT;
