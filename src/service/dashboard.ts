/** Serves the pages of the dashboard beside the calls. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
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
export async function openDashboard(basePath: string): Promise<Dashboard | null> {
  const directory = dashboardDirectory();
  if (directory === null) return null;
  const page = placed(await readFile(join(directory, 'index.html'), 'utf8'), basePath);
  return {
    async serve(app) {
      await app.register(fastifyStatic, {
        root: directory,
        wildcard: false,
        index: false,
        globIgnore: ['index.html'],
        // Names of built assets change with what is in them, the others do not.
        setHeaders(reply, path) {
          const isHashed = path.startsWith(join(directory, 'assets'));
          void reply.header(
            'cache-control',
            isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
          );
        },
      });
    },
    sendPage({ method, url, headers }, reply) {
      const wantsPage = (headers.accept ?? '').includes('text/html');
      const isPage = (method === 'GET' || method === 'HEAD') && !url.startsWith(`${apiRoot}/`);
      if (!isPage || !wantsPage) return null;
      return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(page);
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
