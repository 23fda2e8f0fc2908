/** The service as a whole: the HTTP application and whatever works in its background, to be mounted or to listen by itself. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { systemClock } from '../adapters/system/clock.ts';
import { createSystemIds } from '../adapters/system/ids.ts';
import type { Orchestrator } from '../orchestrator.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Logger } from '../ports/logger.ts';
import type { Store } from '../ports/store.ts';
import type { Trigger } from '../triggers/trigger.ts';
import { type AppOptions, assembleApp } from './app.ts';
import type { DefinitionsState } from './definitions.ts';
import type { Development } from './development/development.ts';
import { checkMayListen } from './identity/development.ts';
import type { ServicePorts } from './parts.ts';

/** What a service needs beside its orchestrator. */
export interface ServiceOptions extends AppOptions {
  /** The orchestrator's. */
  readonly store: Store;
  /** Give the orchestrator's, if it has another than the system's. */
  readonly clock?: Clock;
  readonly ids?: Ids;
  /** Default: pino on standard error at level `info`, or what the environment variable `SIGNALBOX_LOG` names. */
  readonly logger?: Logger;
  /** Default: whatever is registered was loaded without problems. */
  readonly definitions?: DefinitionsState;
  /** What sets it to work by itself. Default: none but schedules created by calls. */
  readonly triggers?: readonly Trigger[];
  /** What it calls itself (`service.about`). Default: a random name. */
  readonly instance?: string;
  /** For development alone: calls that set the clock ahead and end the process. Refused with sign-in. Default: there are none. */
  readonly development?: Development;
}

/** A running service: pages, API and triggers around one orchestrator. */
export interface Service {
  /** The Fastify application, for `inject`, with or without the base path. It is ready, so it takes no further routes. */
  readonly app: FastifyInstance;
  /** For a server of one's own: `createServer(service.handler)`. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  /**
   * Listens by itself.
   *
   * @param address - default 127.0.0.1, and any free port
   * @throws SignalboxError `SIGN_IN_REQUIRED` for another host than this machine's, without sign-in
   * @returns the address, as `http://127.0.0.1:4400`, with the base path
   */
  listen(address?: { readonly host?: string; readonly port?: number }): Promise<string>;
  /**
   * Exchanges what sets it to work by itself. What is being taken in is taken in first; what was accepted is processed by the new triggers, and is a dead
   * letter if none of them has its name. What the store knows of a schedule, such as which slots had a run, stays.
   *
   * @throws SignalboxError `DEFINITION_INVALID` if two of a kind have one name; then nothing has changed
   */
  replaceTriggers(triggers: readonly Trigger[]): Promise<void>;
  /** Answers what is under way, then refuses. Orchestrator and store stay open. */
  close(): Promise<void>;
}

/** @param orchestrator - whose verbs are served; it may be used beside the service */
export async function createService(
  orchestrator: Orchestrator,
  options: ServiceOptions,
): Promise<Service> {
  const clock = options.clock ?? systemClock;
  const ports: ServicePorts = {
    orchestrator,
    store: options.store,
    clock,
    ids: options.ids ?? createSystemIds(() => clock.nowMs()),
    logger: options.logger ?? defaultLogger(),
    ...(options.definitions === undefined ? {} : { definitions: options.definitions }),
    ...(options.triggers === undefined ? {} : { triggers: options.triggers }),
    ...(options.instance === undefined ? {} : { instance: options.instance }),
    ...(options.development === undefined ? {} : { development: options.development }),
  };
  const { identity = { mode: 'development' } } = options;
  const { app, basePath, replaceTriggers } = await assembleApp(ports, options);
  return {
    app,
    handler(request: IncomingMessage & { originalUrl?: string }, response) {
      const { originalUrl } = request;
      app.routing(request, response);
      // a host such as Express logs by it, and Fastify has put its own there
      if (originalUrl !== undefined) request.originalUrl = originalUrl;
    },
    async listen({ host = '127.0.0.1', port = 0 } = {}) {
      checkMayListen(identity, host);
      return `${await app.listen({ host, port })}${basePath}`;
    },
    replaceTriggers,
    close: () => app.close(),
  };
}

function defaultLogger(): Logger {
  return pino({ level: process.env['SIGNALBOX_LOG'] ?? 'info' }, pino.destination(2));
}
