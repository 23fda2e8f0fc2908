/** vitest where it is installed, and otherwise what says so as soon as it is used: paths, play and crashes need no runner. */
import type * as Vitest from 'vitest';
import { SignalboxError } from '../errors.ts';

type Used = Pick<typeof Vitest, 'afterAll' | 'describe' | 'expect' | 'it'>;

export const { afterAll, describe, expect, it } = await load();

async function load(): Promise<Used> {
  try {
    return await import('vitest');
  } catch (cause) {
    const refuse = (): never => {
      throw new SignalboxError(
        'PACKAGE_MISSING',
        'What describes a suite, and the cases of the store contract, need vitest, which is not installed',
        {
          cause,
          hint: 'Run `npm install --save-dev vitest`; with another runner take `paths` and `play`, `crashEverywhere` and `assertCrashProof`, which do without',
        },
      );
    };
    const standIn: unknown = new Proxy(refuse, { get: refuse });
    return { afterAll: standIn, describe: standIn, expect: standIn, it: standIn } as Used;
  }
}
