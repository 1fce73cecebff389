'use strict';
exports.up = (database) => database.collection('users').createIndex({ email: 1 }, { unique: true });
