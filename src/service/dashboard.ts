/** Serves the pages of the dashboard beside the calls. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { apiRoot } from '../api/api.ts';

/** Where the build puts the dashboard; `null` if it was not built. */
export function dashboardDirectory(): string | null {
  const fromSources = import.meta.url.endsWith('.ts');
  const path = fileURLToPath(
    new URL(fromSources ? '../../dist/dashboard' : '../dashboard', import.meta.url),
  );
  return existsSync(join(path, 'index.html')) ? path : null;
}

/** Files by their names; every other address a reader opens is a page of the application, which finds it itself. */
export async function serveDashboard(app: FastifyInstance, directory: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: directory,
    wildcard: false,
    index: false,
    // Names of built assets change with what is in them, the others do not.
    setHeaders(reply, path) {
      const isHashed = path.startsWith(join(directory, 'assets'));
      void reply.header(
        'cache-control',
        isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
    },
  });
}

/** Answers a browser that opens an address of the application; `null` for whatever else is asked. */
export function sendPage(request: FastifyRequest, reply: FastifyReply): FastifyReply | null {
  const { method, url, headers } = request;
  const wantsPage = (headers.accept ?? '').includes('text/html');
  const isPage = (method === 'GET' || method === 'HEAD') && !url.startsWith(`${apiRoot}/`);
  if (!isPage || !wantsPage) return null;
  return reply.header('cache-control', 'no-cache').sendFile('index.html');
}
