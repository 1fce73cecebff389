'use strict';
// `seed.js [--designs N]`: sample data. admin@pixelcraft.example is the admin, client1@… the
// clients, "correct horse" everybody's password. client1's first design is a draft; another one
// was thrown away.
const { hashOf } = require('./src/accounts');
const blobs = require('./src/blobs');
const { audit, connect } = require('./src/database');
const { migrate } = require('./src/migrations');
const { readSettings } = require('./src/settings');

const STATES = ['draft', 'review', 'published', 'archived'];
const CLIENTS = 4;

const optionOf = (name, otherwise) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};

async function addUsers(database) {
  const emails = ['admin', ...Array.from({ length: CLIENTS }, (none, i) => `client${i + 1}`)];
  const users = emails.map((name) => ({
    email: `${name}@pixelcraft.example`, role: name === 'admin' ? 'admin' : 'client',
    password: hashOf('correct horse'), createdAt: new Date(),
  }));
  const { insertedIds } = await database.collection('users').insertMany(users);
  return Object.values(insertedIds);
}

async function addDesign(database, uploads, number, ownerId) {
  const now = new Date();
  const bytes = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(2000, `${number}`)]);
  const artwork = await blobs.store(uploads, { filename: `${number}.png`, mime: 'image/png', bytes });
  const { insertedId } = await database.collection('designs').insertOne({
    title: `Design ${number}`, state: STATES[number % STATES.length], ownerId, artwork,
    priceCents: 1000 + number, costCents: 400 + number, createdAt: now, updatedAt: now, deletedAt: null,
  });
  await audit(database, ownerId, 'design.create', insertedId);
}

async function main() {
  const settings = readSettings({ PORT: '0', TOKEN_KEY: '-', ...process.env });
  const { client, database } = await connect(settings);
  await migrate(database);
  const users = await addUsers(database);
  const count = optionOf('--designs', 40);
  for (let i = 0; i < count; ++i)
    await addDesign(database, settings.uploads, i, users[1 + (Math.floor(i / STATES.length) % CLIENTS)]);
  await addDesign(database, settings.uploads, count, users[1]);
  await database.collection('designs').updateOne({ title: `Design ${count}` }, { $set: { deletedAt: new Date() } });
  console.log(`${users.length} users, ${count} designs`);
  await client.close();
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
