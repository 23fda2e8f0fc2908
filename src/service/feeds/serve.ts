import { api } from '../../api/api.ts';
import type { Bind } from '../bind.ts';
import type { Feeds } from './feeds.ts';

export function serveTriggers(bind: Bind, feeds: Feeds): void {
  bind(api.triggers.list, () => ({ triggers: feeds.list() }));
  bind(api.triggers.test, ({ params, body }) => feeds.test(params.name, body.event));
}
