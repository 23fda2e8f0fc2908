import { api } from '../api/api.ts';
import type { Bind } from './bind.ts';
import { packageVersion } from './version.ts';

export function serveAbout(bind: Bind, instance: string, isDevelopment: boolean): void {
  bind(api.service.about, () => ({ instance, version: packageVersion, isDevelopment }));
}
