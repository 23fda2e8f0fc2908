/** Calls about the service itself. */
import { isAbsolute } from 'node:path';
import { api } from '../api/api.ts';
import { SignalboxError } from '../errors.ts';
import type { Bind } from './bind.ts';
import type { ServiceParts } from './parts.ts';
import { packageVersion } from './version.ts';

export function serveAbout(
  bind: Bind,
  { store, audit }: Pick<ServiceParts, 'store' | 'audit'>,
  about: { readonly instance: string; readonly isDevelopment: boolean },
): void {
  bind(api.service.about, () => ({ ...about, version: packageVersion }));
  bind(api.service.backup, async ({ body: { destination } }, { caller }) => {
    if (!isAbsolute(destination))
      throw new SignalboxError('INPUT_INVALID', `"${destination}" is no absolute path`, {
        hint: 'The copy is made on the machine of the service',
      });
    await store.backup(destination);
    await audit.record(caller, 'store.copied', 'store', { destination });
    return { destination };
  });
}
