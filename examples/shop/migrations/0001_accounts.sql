-- Who may log in, what was done by whom, and the shop's own settings.
CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL CHECK (instr(email, '@') > 1),
  emailKey TEXT GENERATED ALWAYS AS (lower(email)) VIRTUAL,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('admin', 'customer')),
  passwordHash TEXT NOT NULL,
  createdAt TEXT NOT NULL,
  deletedAt TEXT
);
CREATE UNIQUE INDEX users_emailKey ON users (emailKey) WHERE deletedAt IS NULL;

CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  userId INTEGER REFERENCES users (id),
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(detail))
);
CREATE INDEX audit_log_subject ON audit_log (subject, at);

CREATE TABLE settings (
  name TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) WITHOUT ROWID;
