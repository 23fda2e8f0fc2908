import { z } from 'zod';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { createOrchestrator, defineWorkflow } from '../../../src/index.ts';
import type { Store } from '../../../src/ports/store.ts';
import { openNotices } from '../../../src/service/notices/open.ts';
import { createLogBook } from '../../support/log-book.ts';

const asked = defineWorkflow({
  name: 'asked',
  version: 1,
  input: z.object({ system: z.string() }),
  steps(w) {
    w.review('approval', { show: w.input.$.system, assignTo: ['lee'] });
    return w.input;
  },
});

/** An orchestrator whose reviews are told of, on the clock of this machine. */
export async function tellingLife(store: Store, smtpUrl: string) {
  const { logger } = createLogBook();
  const orchestrator = await createOrchestrator({ store, workflows: [asked], logger });
  const { ledger, start } = openNotices(
    { store, orchestrator, clock: systemClock, log: logger, basePath: '' },
    {
      links: {},
      identity: { mode: 'development' },
      notices: {
        publicUrl: 'https://ops.example.com',
        directory: { people: { lee: { email: 'lee@example.com' } } },
        email: { smtpUrl, from: 'signalbox@example.com' },
      },
    },
  );
  const worker = start();
  return {
    orchestrator,
    ledger,
    async close() {
      await worker?.close();
      await orchestrator.close();
      await store.close();
    },
  };
}
