import type { LightMyRequestResponse } from 'fastify';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { type Client, createClient } from '../../src/client/index.ts';
import type { WorkflowSource } from '../../src/engine/catalogue.ts';
import { createOrchestrator, type Orchestrator } from '../../src/index.ts';
import type { Logger } from '../../src/ports/logger.ts';
import type { Store } from '../../src/ports/store.ts';
import { createService, type Service, type ServiceOptions } from '../../src/service/index.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

const silence: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silence };

export interface ServiceBench {
  readonly service: Service;
  /** Talks to the application without a port. */
  readonly client: Client;
  readonly orchestrator: Orchestrator;
  readonly store: Store;
  readonly clock: ManualClock;
  close(): Promise<void>;
}

/** A service in memory on a clock that stands still. */
export async function openService(
  workflows: readonly WorkflowSource[],
  options: Partial<ServiceOptions> = {},
): Promise<ServiceBench> {
  const store = options.store ?? createMemoryStore();
  const clock = new ManualClock();
  const orchestrator = await createOrchestrator({ workflows, store, clock, logger: silence });
  const service = await createService(orchestrator, { clock, logger: silence, ...options, store });
  return {
    service,
    client: createClient({ url: 'http://service', fetch: fetchFrom(service) }),
    orchestrator,
    store,
    clock,
    async close() {
      await service.close();
      await orchestrator.close();
    },
  };
}

/** `fetch` that injects its requests into the application. */
export function fetchFrom({ app }: Service): typeof fetch {
  return async (address, { method = 'GET', headers, body } = {}) => {
    const answer: LightMyRequestResponse = await app.inject({
      method: method as 'GET',
      url: new Request(address).url.replace('http://service', ''),
      headers: Object.fromEntries(new Headers(headers)),
      ...(typeof body === 'string' ? { payload: body } : {}),
    });
    const hasBody = answer.statusCode !== 204 && answer.statusCode !== 304;
    return new Response(hasBody ? answer.rawPayload : null, {
      status: answer.statusCode,
      headers: Object.entries(answer.headers).map(([name, value]): [string, string] => [
        name,
        String(value),
      ]),
    });
  };
}
