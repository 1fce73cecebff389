'use strict';
// Files that documents refer to: {key, filename, mime, size, sha256} beside the other fields, the
// bytes below UPLOADS_DIR, written before the document.
const crypto = require('crypto');
const fs = require('fs/promises');
const path = require('path');

const { ApiError } = require('./errors');

async function store(uploads, { filename, mime, bytes }) {
  const sha256 = crypto.createHash('sha256').update(bytes).digest('hex');
  const key = `${sha256.slice(0, 2)}/${crypto.randomUUID()}${path.extname(filename)}`;
  const file = path.join(uploads, key);
  await fs.mkdir(path.dirname(file), { recursive: true });
  await fs.writeFile(file, bytes, { flag: 'wx' });
  return { key, filename, mime, size: bytes.length, sha256 };
}

async function load(uploads, meta) {
  let bytes;
  try {
    bytes = await fs.readFile(path.join(uploads, meta.key));
  } catch {
    throw new ApiError(404, 'BLOB_NOT_FOUND', `there is no file ${meta.key}`);
  }
  const sha256 = crypto.createHash('sha256').update(bytes).digest('hex');
  if (bytes.length !== meta.size || sha256 !== meta.sha256)
    throw new ApiError(500, 'BLOB_DAMAGED', `${meta.key} is not what its document says`);
  return bytes;
}

module.exports = { store, load };
