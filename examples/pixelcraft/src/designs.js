'use strict';
// Designs: a state machine with a file field, soft delete, and a projection for each role.
const { ObjectId } = require('mongodb');

const { audit } = require('./database');
const blobs = require('./blobs');
const { ApiError } = require('./errors');

const TRANSITIONS = {
  draft: { submit: 'review' },
  review: { approve: 'published', reject: 'draft' },
  published: { archive: 'archived' },
  archived: {},
};
const FIELDS = {
  client: ['title', 'state', 'artwork', 'priceCents'],
  admin: ['title', 'state', 'artwork', 'priceCents', 'costCents', 'ownerId', 'createdAt', 'updatedAt',
    'deletedAt'],
};

function shown(design, role) {
  const result = { id: design._id.toHexString() };
  for (const field of FIELDS[role]) result[field] = design[field] ?? null;
  result.availableTransitions = Object.keys(TRANSITIONS[design.state]).sort();
  return result;
}

const filterFor = (user) => ({ deletedAt: null, ...(user.role === 'admin' ? {} : { ownerId: user._id }) });

async function find({ database }, request) {
  if (!ObjectId.isValid(request.params.id)) throw new ApiError(404, 'NOT_FOUND', 'there is no such design');
  const design = await database.collection('designs')
    .findOne({ _id: new ObjectId(request.params.id), ...filterFor(request.user) });
  if (!design) throw new ApiError(404, 'NOT_FOUND', 'there is no such design');
  return design;
}

async function list({ database }, request) {
  const designs = database.collection('designs');
  const filter = filterFor(request.user);
  const limit = Math.min(Number(request.query.limit) || 50, 200);
  const results = await designs.find(filter).sort({ _id: 1 }).limit(limit).toArray();
  return {
    total: await designs.countDocuments(filter),
    results: results.map((design) => shown(design, request.user.role)),
  };
}

async function create({ database, settings }, request) {
  const now = new Date();
  const design = {
    title: String(request.query.title || 'Untitled'), state: 'draft', ownerId: request.user._id,
    priceCents: 0, costCents: 0, createdAt: now, updatedAt: now, deletedAt: null,
    artwork: await blobs.store(settings.uploads, {
      filename: String(request.query.filename || 'artwork'),
      mime: request.get('Content-Type') || 'application/octet-stream',
      bytes: request.body,
    }),
  };
  design._id = (await database.collection('designs').insertOne(design)).insertedId;
  await audit(database, request.user._id, 'design.create', design._id);
  return shown(design, request.user.role);
}

async function move({ database }, request) {
  const design = await find({ database }, request);
  const allowed = TRANSITIONS[design.state];
  if (!Object.hasOwn(allowed, request.params.action))
    throw new ApiError(400, 'INVALID_TRANSITION',
      `a design that is ${design.state} cannot ${request.params.action}`,
      { allowed: Object.keys(allowed).sort() });
  const change = { state: allowed[request.params.action], updatedAt: new Date() };
  const moved = await database.collection('designs')
    .updateOne({ _id: design._id, state: design.state }, { $set: change });
  if (moved.modifiedCount !== 1) throw new ApiError(409, 'CONFLICT', 'somebody else was faster');
  await audit(database, request.user._id, `design.${request.params.action}`, design._id);
  return shown({ ...design, ...change }, request.user.role);
}

async function remove({ database }, request) {
  const design = await find({ database }, request);
  await database.collection('designs').updateOne({ _id: design._id }, { $set: { deletedAt: new Date() } });
  await audit(database, request.user._id, 'design.delete', design._id);
}

async function artwork({ database, settings }, request) {
  const { artwork: meta } = await find({ database }, request);
  return { mime: meta.mime, bytes: await blobs.load(settings.uploads, meta) };
}

module.exports = { TRANSITIONS, FIELDS, list, create, move, remove, artwork, shown, find };
