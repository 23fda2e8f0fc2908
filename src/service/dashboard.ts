/** Serves the pages of the dashboard beside the calls. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { apiRoot } from '../api/api.ts';

interface Dashboard {
  /** Files by their names. */
  serve(app: FastifyInstance): Promise<void>;
  /** Answers a browser that opens an address of the application, which finds the page itself; `null` for whatever else is asked. */
  readonly sendPage: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | null;
}

/** `null` if it was not built. */
export function openDashboard(basePath: string): Dashboard | null {
  const directory = dashboardDirectory();
  if (directory === null) return null;
  const file = join(directory, 'index.html');
  // Read at every load, and assets looked up when asked for: a build may replace them under a service that runs.
  const page = () => placed(readFileSync(file, 'utf8'), basePath);
  return {
    async serve(app) {
      await app.register(fastifyStatic, {
        root: directory,
        wildcard: false,
        index: false,
        globIgnore: ['index.html', 'assets/**'],
        setHeaders: (reply) => void reply.header('cache-control', 'no-cache'),
      });
      // Names of built assets change with what is in them.
      await app.register(fastifyStatic, {
        root: join(directory, 'assets'),
        prefix: '/assets/',
        index: false,
        decorateReply: false,
        setHeaders: (reply) =>
          void reply.header('cache-control', 'public, max-age=31536000, immutable'),
      });
    },
    sendPage({ method, url, headers }, reply) {
      const { accept = '*/*' } = headers;
      // Load balancers and people with curl look at the root, and take whatever there is.
      const isRoot = /^\/(?:\?|$)/.test(url);
      const wantsPage = accept.includes('text/html') || (isRoot && accept.includes('*/*'));
      const isPage = (method === 'GET' || method === 'HEAD') && !url.startsWith(`${apiRoot}/`);
      if (!isPage || !wantsPage) return null;
      return reply
        .header('cache-control', 'no-cache')
        .type('text/html; charset=utf-8')
        .send(page());
    },
  };
}

/** The page stands at many depths, so it names its files, which the build leaves relative, and its base path as they are seen from the root. */
function placed(page: string, basePath: string): string {
  return page
    .replaceAll(/ (href|src)="\.\//g, ` $1="${basePath}/`)
    .replace('<meta name="base-path" content=""', `<meta name="base-path" content="${basePath}"`);
}

/** Where the build puts it. */
function dashboardDirectory(): string | null {
  const fromSources = import.meta.url.endsWith('.ts');
  const path = fileURLToPath(
    new URL(fromSources ? '../../dist/dashboard' : '../dashboard', import.meta.url),
  );
  return existsSync(join(path, 'index.html')) ? path : null;
}
