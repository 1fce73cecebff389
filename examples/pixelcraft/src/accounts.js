'use strict';
// Who asks: passwords as scrypt hashes, tokens signed with TOKEN_KEY.
const crypto = require('crypto');
const jwt = require('jsonwebtoken');
const { ObjectId } = require('mongodb');

const { ApiError } = require('./errors');

const COST = { N: 1024, r: 8, p: 1 };
const HOUR = 3600;

function hashOf(password, salt = crypto.randomBytes(16)) {
  const hash = crypto.scryptSync(password, salt, 32, COST);
  return `${salt.toString('hex')}:${hash.toString('hex')}`;
}

function isPassword(password, stored) {
  const salt = Buffer.from(stored.split(':')[0], 'hex');
  return crypto.timingSafeEqual(Buffer.from(hashOf(password, salt)), Buffer.from(stored));
}

async function login({ database, settings }, { email, password }) {
  const user = await database.collection('users').findOne({ email: String(email) });
  if (!user || !isPassword(String(password), user.password))
    throw new ApiError(401, 'INVALID_CREDENTIALS', 'email or password is wrong');
  const claims = { sub: user._id.toHexString(), role: user.role };
  return { token: jwt.sign(claims, settings.tokenKey, { algorithm: 'HS256', expiresIn: HOUR }) };
}

// Puts the user of the request's token into request.user.
const authenticate = ({ database, settings }) => async (request, response, next) => {
  const [scheme, token] = (request.get('Authorization') || '').split(' ');
  if (scheme !== 'Bearer') throw new ApiError(401, 'UNAUTHENTICATED', 'log in first');
  let claims;
  try {
    claims = jwt.verify(token, settings.tokenKey, { algorithms: ['HS256'] });
  } catch {
    throw new ApiError(401, 'INVALID_TOKEN', 'the token is not good');
  }
  const which = ObjectId.isValid(claims.sub) ? { _id: new ObjectId(claims.sub) } : { email: claims.email };
  request.user = await database.collection('users').findOne(which);
  if (!request.user) throw new ApiError(401, 'INVALID_TOKEN', 'the token is of nobody');
  next();
};

const only = (role) => (request, response, next) => {
  if (request.user.role !== role) throw new ApiError(403, 'FORBIDDEN', `this needs the role ${role}`);
  next();
};

module.exports = { hashOf, login, authenticate, only };
