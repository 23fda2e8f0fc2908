/** Which files have come to rest: those whose size and time have not changed for a while. Pure but for its memory. */

export interface Look {
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

export interface Settling {
  /** @returns whether the file has looked like this for long enough */
  isSettled(name: string, look: Look, nowMs: number): boolean;
  forget(name: string): void;
  /** Forgets what is not there any more. */
  keep(names: ReadonlySet<string>): void;
  readonly size: number;
}

export function createSettling(settleForMs: number): Settling {
  const seen = new Map<string, Look & { readonly sinceMs: number }>();
  return {
    isSettled(name, look, nowMs) {
      const known = seen.get(name);
      const isSame =
        known?.sizeBytes === look.sizeBytes && known.modifiedAtMs === look.modifiedAtMs;
      if (known === undefined || !isSame || known.sinceMs > nowMs) {
        seen.set(name, { ...look, sinceMs: nowMs });
        return settleForMs === 0;
      }
      return nowMs - known.sinceMs >= settleForMs;
    },
    forget: (name) => void seen.delete(name),
    keep(names) {
      for (const name of seen.keys()) if (!names.has(name)) seen.delete(name);
    },
    get size() {
      return seen.size;
    },
  };
}
