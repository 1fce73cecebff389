'use strict';
// The environment and nothing else.
function readSettings(environment) {
  for (const name of ['MONGO_URI', 'UPLOADS_DIR', 'PORT', 'TOKEN_KEY'])
    if (!environment[name]) throw new Error(`${name} is not set`);
  return {
    uri: environment.MONGO_URI,
    database: environment.MONGO_DB,
    uploads: environment.UPLOADS_DIR,
    port: Number(environment.PORT),
    tokenKey: environment.TOKEN_KEY,
  };
}

module.exports = { readSettings };
