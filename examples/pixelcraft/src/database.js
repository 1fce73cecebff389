'use strict';
const { MongoClient } = require('mongodb');

// The database that the URI names, unless another one is said.
async function connect({ uri, database }) {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 10000 });
  await client.connect();
  return { client, database: client.db(database || undefined) };
}

const audit = (database, who, action, what) =>
  database.collection('audit_log').insertOne({ at: new Date(), who, action, what });

module.exports = { connect, audit };
