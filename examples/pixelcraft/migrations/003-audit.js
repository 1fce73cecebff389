'use strict';
exports.up = (database) => database.createCollection('audit_log', { capped: true, size: 16 << 20 });
