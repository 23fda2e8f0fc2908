/** A service with something of everything in it, for requests that are made up. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { createOrchestrator, defineWorkflow } from '../../src/index.ts';
import { createService, type Service } from '../../src/service/index.ts';
import { createDeeds } from './deeds.ts';
import { createLogBook, type LogBook } from './log-book.ts';
import type { Known, MadeUpRequest } from './random-requests.ts';

const deeds = createDeeds();
const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: z.object({ orderId: z.string() }),
  steps(w) {
    const made = w.task('prepare', deeds.task('prepare'), { input: w.input });
    const review = w.review('approval', { show: made, form: z.strictObject({ why: z.string() }) });
    return w.task('apply', deeds.task('apply'), { input: review });
  },
});

export interface Fuzzed {
  readonly app: FastifyInstance;
  readonly service: Service;
  readonly known: Known;
  readonly log: LogBook;
  close(): Promise<void>;
}

export async function openFuzzed(): Promise<Fuzzed> {
  const store = createMemoryStore();
  const log = createLogBook();
  const orchestrator = await createOrchestrator({
    workflows: [order],
    store,
    logger: createLogBook().logger,
  });
  const service = await createService(orchestrator, { store, logger: log.logger });
  const runIds: string[] = [];
  for (const orderId of ['o-1', 'o-2', 'o-3']) {
    const { runId } = await orchestrator.start('order', { orderId });
    await orchestrator.drive(runId);
    runIds.push(runId);
  }
  return {
    app: service.app,
    service,
    log,
    known: { texts: [...runIds, 'order', 'prepare', 'approval', 'completion', 'review', '1'] },
    async close() {
      await service.close();
      await orchestrator.close();
    },
  };
}

/** Nobody waits here for what will not come. */
export function fuzzed(request: MadeUpRequest): MadeUpRequest {
  if (!request.id.endsWith('.wait')) return request;
  const [path = ''] = request.url.split('?');
  return { ...request, url: `${path}?timeoutMs=0` };
}
