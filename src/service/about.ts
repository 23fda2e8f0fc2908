import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { api } from '../api/api.ts';
import type { Bind } from './bind.ts';
import type { ServicePorts } from './parts.ts';

export function serveAbout(
  bind: Bind,
  { instance = randomUUID() }: Pick<ServicePorts, 'instance'>,
): void {
  const manifest = new URL('../../package.json', import.meta.url);
  const version = String(JSON.parse(readFileSync(manifest, 'utf8')).version);
  bind(api.service.about, () => ({ instance, version, isDevelopment: false }));
}
