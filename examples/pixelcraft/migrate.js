'use strict';
// `migrate.js status` prints each migration as succeeded, pending or unknown; `migrate.js up` runs
// the pending ones.
const { connect } = require('./src/database');
const { migrate, statusOf } = require('./src/migrations');

async function main() {
  const settings = { uri: process.env.MONGO_URI, database: process.env.MONGO_DB };
  const { client, database } = await connect(settings);
  if (process.argv[2] === 'up') await migrate(database);
  for (const { name, status } of await statusOf(database)) console.log(`${name} ${status}`);
  await client.close();
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
