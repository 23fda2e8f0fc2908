import { api } from '../../api/api.ts';
import type { Bind } from '../bind.ts';
import type { ServiceParts } from '../parts.ts';
import { type createHealth, toBreaker } from './health.ts';
import type { Spend } from './spend.ts';

export function serveHealth(
  bind: Bind,
  {
    health,
    spend,
    orchestrator,
    audit,
  }: Pick<ServiceParts, 'orchestrator' | 'audit'> & {
    readonly health: ReturnType<typeof createHealth>;
    readonly spend: Spend;
  },
): void {
  bind(api.health.get, () => health.read());
  bind(api.health.spend, async ({ query }) => ({
    today: spend.today(),
    rows: await spend.read(query.days),
  }));
  bind(api.health.breakers, async () => ({
    breakers: (await orchestrator.breakers()).map(toBreaker),
  }));
  bind(api.health.resetBreaker, async ({ params: { name }, body: { reason } }, { caller }) => {
    const record = await orchestrator.resetBreaker(name);
    await audit.record(caller, 'breaker.reset', `breaker/${name}`, { reason });
    return toBreaker(record);
  });
}
