'use strict';
// The routes. Everything below /api needs a token; errors are JSON.
const express = require('express');

const accounts = require('./accounts');
const designs = require('./designs');
const { ApiError } = require('./errors');
const { log } = require('./log');

const LARGEST_UPLOAD = '10mb';

function createApplication(studio) {
  const application = express();
  application.disable('x-powered-by');
  application.get('/health', (request, response) => response.json({ status: 'alive' }));
  application.get('/ready', async (request, response) => {
    await studio.database.command({ ping: 1 });
    response.json({ status: 'ready' });
  });
  application.get('/_describe', (request, response) => response.json(describe()));
  application.post('/login', express.json(), async (request, response) =>
    response.json(await accounts.login(studio, request.body || {})));
  application.use('/api/v1', api(studio));
  application.use(() => { throw new ApiError(404, 'NOT_FOUND', 'there is nothing here'); });
  application.use(answerError);
  return application;
}

const describe = () => ({
  resources: { audit: {}, design: { fields: designs.FIELDS, transitions: designs.TRANSITIONS }, user: {} },
});

function api(studio) {
  const router = express.Router();
  router.use(accounts.authenticate(studio));
  router.get('/me', ({ user }, response) => response.json({ email: user.email, role: user.role }));
  router.get('/audit', accounts.only('admin'), async (request, response) =>
    response.json({ total: await studio.database.collection('audit_log').countDocuments({}) }));
  router.get('/design', async (request, response) => response.json(await designs.list(studio, request)));
  router.post('/design', express.raw({ type: () => true, limit: LARGEST_UPLOAD }),
    async (request, response) => response.status(201).json(await designs.create(studio, request)));
  router.get('/design/:id', async (request, response) =>
    response.json(designs.shown(await designs.find(studio, request), request.user.role)));
  router.get('/design/:id/artwork', async (request, response) => {
    const { mime, bytes } = await designs.artwork(studio, request);
    response.type(mime).send(bytes);
  });
  router.delete('/design/:id', accounts.only('admin'), async (request, response) => {
    await designs.remove(studio, request);
    response.status(204).end();
  });
  router.post('/design/:id/:action', async (request, response) =>
    response.json(await designs.move(studio, request)));
  return router;
}

// Four parameters tell Express that this answers errors.
function answerError(error, request, response, next) {
  if (response.headersSent) return next(error);
  const status = error.status || 500;
  if (status >= 500) log.error(`${request.method} ${request.path}: ${error.message}`);
  return response.status(status).json(error.body || { code: 'ERROR', message: error.message });
}

module.exports = { createApplication };
