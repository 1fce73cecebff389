'use strict';
// Boots the studio: connects, migrates, listens on loopback, and ends on SIGTERM.
const { createApplication } = require('./src/application');
const { connect } = require('./src/database');
const { log } = require('./src/log');
const { migrate } = require('./src/migrations');
const { readSettings } = require('./src/settings');

async function main() {
  const settings = readSettings(process.env);
  const { client, database } = await connect(settings);
  await migrate(database);
  const server = createApplication({ database, settings }).listen(settings.port, '127.0.0.1', () =>
    log.info(`listening on port ${server.address().port}`));
  const stop = () => server.close(() => client.close().then(() => process.exit(0)));
  process.on('SIGTERM', () => { stop(); server.closeAllConnections(); });
}

main().catch((error) => {
  log.fatal(`cannot begin: ${error.message}`);
  process.exit(1);
});
