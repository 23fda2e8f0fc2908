/** A real service with the dashboard, on a free port of this machine, with its runs in memory. */
import { afterAll } from 'vitest';
import { buildDashboard } from '../../../scripts/dashboard-build.ts';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import {
  createOrchestrator,
  type Orchestrator,
  type OrchestratorOptions,
} from '../../../src/index.ts';
import { createApp } from '../../../src/service/app.ts';
import type { ServicePorts } from '../../../src/service/parts.ts';

export interface TestService {
  readonly url: string;
  readonly orchestrator: Orchestrator;
}

export type TestServiceOptions = Partial<Omit<ServicePorts, 'orchestrator'>>;

/** Closed after the tests of the file. */
export async function startService(
  workflows: OrchestratorOptions['workflows'],
  { store = createMemoryStore(), clock = systemClock, ...ports }: TestServiceOptions = {},
): Promise<TestService> {
  await buildDashboard();
  const orchestrator = await createOrchestrator({ workflows, store, clock });
  const app = await createApp({ orchestrator, store, clock, ...ports });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  afterAll(async () => {
    await app.close();
    await orchestrator.close();
  });
  return { url, orchestrator };
}
