/** A real service with the dashboard, on a free port of this machine, with its runs in memory. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { buildDashboard } from '../../../scripts/dashboard-build.ts';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import {
  createOrchestrator,
  type Orchestrator,
  type OrchestratorOptions,
} from '../../../src/index.ts';
import { createApp } from '../../../src/service/app.ts';
import type { IdentityOptions } from '../../../src/service/identity/options.ts';
import type { OutgoingSettings } from '../../../src/service/outgoing/outgoing.ts';
import type { ServicePorts } from '../../../src/service/parts.ts';
import { openOnce } from '../../support/open-once.ts';

export interface TestService {
  /** With the base path. */
  readonly url: string;
  readonly orchestrator: Orchestrator;
}

export type TestServiceOptions = Partial<Omit<ServicePorts, 'orchestrator'>> & {
  /** How one signs in at the address. Default: not at all. */
  readonly identity?: (publicUrl: string) => IdentityOptions;
  readonly outgoing?: OutgoingSettings;
  readonly basePath?: string;
};

const closers: (() => Promise<void>)[] = [];

async function closeAll(): Promise<void> {
  for (const close of closers.splice(0)) await close();
}

/** The service of the tests of a file. */
export function useService(start: () => Promise<TestService>): TestService {
  let service: TestService;
  openOnce(async () => {
    service = await start();
    return closeAll;
  });
  return {
    get url() {
      return service.url;
    },
    get orchestrator() {
      return service.orchestrator;
    },
  };
}

/** Closed with the service of the file. */
export async function startService(
  workflows: OrchestratorOptions['workflows'],
  {
    store = createMemoryStore(),
    clock = systemClock,
    identity,
    outgoing = {},
    basePath = '',
    ...ports
  }: TestServiceOptions = {},
): Promise<TestService> {
  await buildDashboard();
  const orchestrator = await createOrchestrator({ workflows, store, clock });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}${basePath}`;
  const app = await createApp(
    { orchestrator, store, clock, ...ports },
    { outgoing, basePath, ...(identity === undefined ? {} : { identity: identity(url) }) },
  );
  await app.listen({ host: '127.0.0.1', port });
  closers.push(async () => {
    await app.close();
    await orchestrator.close();
  });
  return { url, orchestrator };
}

/** The service has to know its address before it listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return address.port;
}
