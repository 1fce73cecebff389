'use strict';
// What a client is told: a status, a code, and what helps.
class ApiError extends Error {
  constructor(status, code, message, more = {}) {
    super(message);
    Object.assign(this, { status, body: { code, message, ...more } });
  }
}

module.exports = { ApiError };
