import { randomUUID } from 'node:crypto';
import { api } from '../api/api.ts';
import type { Bind } from './bind.ts';
import type { ServicePorts } from './parts.ts';
import { packageVersion } from './version.ts';

export function serveAbout(
  bind: Bind,
  { instance = randomUUID() }: Pick<ServicePorts, 'instance'>,
): void {
  bind(api.service.about, () => ({ instance, version: packageVersion, isDevelopment: false }));
}
