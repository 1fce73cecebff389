'use strict';
// The files of migrations/ in the order of their names, and the ledger _migrations of those that
// were applied: {name, appliedAt, durationMs}, and {name: "__lock"} while somebody migrates.
const fs = require('fs');
const path = require('path');

const { log } = require('./log');

const FOLDER = path.join(__dirname, '..', 'migrations');
const LOCK = '__lock';

const names = () =>
  fs.readdirSync(FOLDER).filter((file) => file.endsWith('.js')).map((file) => file.slice(0, -3)).sort();

async function migrate(database) {
  const ledger = database.collection('_migrations');
  await ledger.createIndex({ name: 1 }, { unique: true });
  const pending = (await statusOf(database)).filter(({ status }) => status === 'pending');
  if (pending.length === 0) return;
  await ledger.insertOne({ name: LOCK, lockedAt: new Date(), owner: process.pid });
  for (const { name } of pending) {
    const begun = Date.now();
    await require(path.join(FOLDER, name)).up(database);
    await ledger.insertOne({ name, appliedAt: new Date(), durationMs: Date.now() - begun });
    log.info(`migrated ${name}`);
  }
  await ledger.deleteOne({ name: LOCK });
}

async function statusOf(database) {
  const rows = await database.collection('_migrations').find().toArray();
  const applied = rows.map(({ name }) => name).filter((name) => name !== LOCK);
  const known = names();
  return [
    ...known.map((name) => ({ name, status: applied.includes(name) ? 'succeeded' : 'pending' })),
    ...applied.filter((name) => !known.includes(name)).map((name) => ({ name, status: 'unknown' })),
  ];
}

module.exports = { migrate, statusOf };
