import type { z } from 'zod';
import { api } from '../../api/api.ts';
import type { Me } from '../../api/identity.ts';
import type { Bind } from '../bind.ts';
import type { Identity, SignedIn } from './identity.ts';

export function serveIdentity(bind: Bind, { identity }: { readonly identity: Identity }): void {
  bind(api.identity.me, (_request, { signedIn }) => toMe(identity, signedIn));
}

function toMe({ mode, provider }: Identity, signedIn: SignedIn | null): z.input<typeof Me> {
  if (signedIn === null) return { mode, provider, caller: null, via: null, expiresAt: null };
  const { caller, via, expiresAtMs } = signedIn;
  const { name, role, groups, workflows = null } = caller;
  return {
    mode,
    provider,
    caller: { name, role, groups, workflows },
    via,
    expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
  };
}
