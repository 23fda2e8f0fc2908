/** A call of the interface as arguments of `signalbox call`, for actions that have no command of their own. */
import { api } from '../../api/api.ts';
import type { RequestOf, Route } from '../../api/route.ts';

export function callArguments<R extends Route>(route: R, request: RequestOf<R>): readonly string[] {
  const { params = {}, body } = request as {
    readonly params?: Readonly<Record<string, unknown>>;
    readonly body?: unknown;
  };
  const values = Object.entries(params).map(([name, value]) => `${name}=${String(value)}`);
  return [
    'call',
    nameOf(route),
    ...values,
    ...(isNothing(body) ? [] : ['--body', JSON.stringify(body)]),
  ];
}

function nameOf(route: Route): string {
  for (const [topic, routes] of Object.entries(api)) {
    for (const [name, one] of Object.entries(routes)) if (one === route) return `${topic}.${name}`;
  }
  throw new Error(`${route.method} ${route.path} is no call of the interface`);
}

function isNothing(body: unknown): boolean {
  return (
    body === undefined ||
    (typeof body === 'object' && body !== null && Object.keys(body).length === 0)
  );
}
