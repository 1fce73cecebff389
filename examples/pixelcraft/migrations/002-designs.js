'use strict';
exports.up = async (database) => {
  await database.collection('designs').createIndex({ ownerId: 1, state: 1 });
  await database.collection('designs').createIndex({ 'artwork.key': 1 }, { unique: true });
};
