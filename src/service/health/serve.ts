import { api } from '../../api/api.ts';
import type { Bind } from '../bind.ts';
import type { ServiceParts } from '../parts.ts';
import { type createHealth, toBreaker } from './health.ts';

export function serveHealth(
  bind: Bind,
  {
    health,
    orchestrator,
    audit,
  }: Pick<ServiceParts, 'orchestrator' | 'audit'> & {
    readonly health: ReturnType<typeof createHealth>;
  },
): void {
  bind(api.health.get, () => health.read());
  bind(api.health.breakers, async () => ({
    breakers: (await orchestrator.breakers()).map(toBreaker),
  }));
  bind(api.health.resetBreaker, async ({ params: { name }, body: { reason } }, { caller }) => {
    const record = await orchestrator.resetBreaker(name);
    await audit.record(caller, 'breaker.reset', `breaker/${name}`, { reason });
    return toBreaker(record);
  });
}
