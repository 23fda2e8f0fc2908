/** A call of the interface as a command line, for actions that `signalbox` has no command for. */

import { apiRoot } from '../../api/api.ts';
import type { RequestOf, Route } from '../../api/route.ts';
import { addressOf } from '../../client/client.ts';
import { quote } from './shell-command.ts';

/** @param origin - of the service, as `http://127.0.0.1:4400` */
export function apiCommand<R extends Route>(
  route: R,
  request: RequestOf<R>,
  origin: string = window.location.origin,
): string {
  const { params = {}, body } = request as {
    readonly params?: Readonly<Record<string, unknown>>;
    readonly body?: unknown;
  };
  const address = `${origin}${apiRoot}${addressOf(route.path, params)}`;
  return [
    'curl',
    ...(route.method === 'GET' ? [] : ['-X', route.method]),
    quote(address),
    ...(body === undefined
      ? []
      : ['-H', quote('content-type: application/json'), '-d', quote(JSON.stringify(body))]),
  ].join(' ');
}
