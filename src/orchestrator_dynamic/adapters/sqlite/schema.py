"""The tables of a data directory, version by version. Only ever append to `MIGRATIONS`.

Moments are epoch milliseconds (UTC). `tickets.key` is the workflow's key times 2^20 plus the
ticket's number, so that the tickets of one plan lie together.
"""

_FIRST = """
CREATE TABLE workflows (
  workflow INTEGER PRIMARY KEY, workflow_id TEXT NOT NULL UNIQUE, decision_id TEXT NOT NULL UNIQUE,
  plan_id TEXT NOT NULL, intent_id TEXT NOT NULL, risk_band TEXT NOT NULL, priority TEXT NOT NULL,
  phase TEXT NOT NULL, paused INTEGER NOT NULL, outcome TEXT, reason TEXT NOT NULL,
  tasks INTEGER NOT NULL, completed INTEGER NOT NULL, failed INTEGER NOT NULL,
  compensated INTEGER NOT NULL, retried INTEGER NOT NULL, sla_violations INTEGER NOT NULL,
  incidents INTEGER NOT NULL, critical_path_ms INTEGER NOT NULL, queue_ms INTEGER NOT NULL,
  execution_ms INTEGER NOT NULL, accepted_at INTEGER NOT NULL, started_at INTEGER,
  deadline_at INTEGER, ended_at INTEGER);
CREATE INDEX workflows_open ON workflows (workflow) WHERE outcome IS NULL;
CREATE INDEX workflows_by_plan ON workflows (plan_id);
CREATE INDEX workflows_by_end ON workflows (ended_at) WHERE ended_at IS NOT NULL;
CREATE TABLE decisions (
  workflow INTEGER PRIMARY KEY, decision_id TEXT NOT NULL UNIQUE, content_hash TEXT NOT NULL,
  envelope TEXT NOT NULL, source TEXT NOT NULL, received_at INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE journal (
  workflow INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL,
  version INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (workflow, seq)) WITHOUT ROWID;
CREATE TABLE tickets (
  key INTEGER PRIMARY KEY, workflow INTEGER NOT NULL, number INTEGER NOT NULL,
  ticket_id TEXT NOT NULL UNIQUE, task_id TEXT NOT NULL, task_type TEXT NOT NULL, undoes INTEGER,
  timeout_ms INTEGER NOT NULL, stage TEXT NOT NULL, status TEXT NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0, ready_at INTEGER, deadline_at INTEGER, published_at INTEGER,
  started_at INTEGER, ended_at INTEGER, agent TEXT, error TEXT);
CREATE TABLE results (
  id INTEGER PRIMARY KEY, workflow INTEGER, ticket_id TEXT NOT NULL, attempt INTEGER,
  at INTEGER NOT NULL, status TEXT NOT NULL, fate TEXT NOT NULL, agent TEXT NOT NULL,
  duration_ms INTEGER, error TEXT, payload TEXT NOT NULL);
CREATE TABLE audit (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, workflow_id TEXT NOT NULL, action TEXT NOT NULL,
  actor TEXT NOT NULL, detail TEXT NOT NULL);
CREATE INDEX audit_by_workflow ON audit (workflow_id);
CREATE TABLE incidents (
  incident_id TEXT PRIMARY KEY, workflow_id TEXT NOT NULL, incident_type TEXT NOT NULL,
  severity TEXT NOT NULL, created_at INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX incidents_by_workflow ON incidents (workflow_id);
CREATE TABLE messages (
  id INTEGER PRIMARY KEY, topic TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  created_at INTEGER NOT NULL, sent_at INTEGER);
CREATE INDEX messages_buffered ON messages (id) WHERE sent_at IS NULL;
CREATE TABLE dead_letters (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, reason TEXT NOT NULL, source TEXT NOT NULL,
  findings TEXT NOT NULL, headers TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
  body BLOB NOT NULL, requeued_at INTEGER, requeue_outcome TEXT);
CREATE TABLE requests (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, workflow_id TEXT NOT NULL, action TEXT NOT NULL,
  actor TEXT NOT NULL, reason TEXT, detail TEXT, handled_at INTEGER, reply TEXT, accepted INTEGER);
CREATE INDEX requests_open ON requests (id) WHERE handled_at IS NULL;
CREATE VIEW ticket_history AS
  SELECT w.workflow_id, t.ticket_id, t.task_id, j.seq, j.at,
         strftime('%Y-%m-%dT%H:%M:%fZ', j.at / 1000.0, 'unixepoch') AS moment, j.kind,
         json_extract(j.body, '$.attempt') AS attempt, json_extract(j.body, '$.agent') AS agent,
         json_extract(j.body, '$.error') AS error
    FROM journal j JOIN workflows w ON w.workflow = j.workflow
    JOIN tickets t ON t.key = j.workflow * 1048576 + json_extract(j.body, '$.ticket')
   WHERE j.kind IN ('ticket_started', 'ticket_succeeded', 'ticket_failed')
  UNION ALL
  SELECT w.workflow_id, t.ticket_id, t.task_id, j.seq, j.at,
         strftime('%Y-%m-%dT%H:%M:%fZ', j.at / 1000.0, 'unixepoch'), j.kind,
         json_extract(e.value, '$[1]'), NULL, NULL
    FROM journal j JOIN workflows w ON w.workflow = j.workflow
    JOIN json_each(j.body, '$.tickets') e
    JOIN tickets t ON t.key = j.workflow * 1048576 + json_extract(e.value, '$[0]')
   WHERE j.kind IN ('tickets_published', 'tickets_returned');
"""

# What was pruned leaves a line behind, so that its decision, sent again, is still a repeat.
_SECOND = """
CREATE TABLE pruned (
  workflow_id TEXT PRIMARY KEY, content_hash TEXT NOT NULL, outcome TEXT NOT NULL,
  ended_at INTEGER NOT NULL, pruned_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX results_by_workflow ON results (workflow);
CREATE INDEX messages_by_key ON messages (key);
"""

# What a worker last said of how far it has come.
_THIRD = "ALTER TABLE tickets ADD COLUMN progress TEXT;"

# What a broker or another store is still to have: dead letters with a topic, batches not copied.
# What may be kept again by whoever repeats a turn knows its turn, or has a digest by which it is
# the same row; what the embedded engine writes has none. `about` is what is known of a directory.
_FOURTH = """
ALTER TABLE dead_letters ADD COLUMN key BLOB;
ALTER TABLE dead_letters ADD COLUMN topic TEXT;
ALTER TABLE dead_letters ADD COLUMN sent_at INTEGER;
CREATE INDEX dead_letters_unsent ON dead_letters (id) WHERE topic IS NOT NULL AND sent_at IS NULL;
CREATE TABLE uncopied (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
ALTER TABLE workflows ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN progress_turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE results ADD COLUMN digest BLOB;
ALTER TABLE audit ADD COLUMN digest BLOB;
ALTER TABLE messages ADD COLUMN digest BLOB;
ALTER TABLE dead_letters ADD COLUMN digest BLOB;
CREATE UNIQUE INDEX results_once ON results (digest) WHERE digest IS NOT NULL;
CREATE UNIQUE INDEX audit_once ON audit (digest) WHERE digest IS NOT NULL;
CREATE UNIQUE INDEX messages_once ON messages (digest) WHERE digest IS NOT NULL;
CREATE UNIQUE INDEX dead_letters_once ON dead_letters (digest) WHERE digest IS NOT NULL;
"""

MIGRATIONS = (_FIRST, _SECOND, _THIRD, _FOURTH)
