import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { api } from '../../src/api/api.ts';
import type { Route } from '../../src/api/route.ts';
import { commandFiles } from '../../src/cli/commands.ts';

const root = join(import.meta.dirname, '../../src/dashboard');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => ({ folder: dirname(name), text: readFileSync(join(root, name), 'utf8') }));

/** What the command of a call begins with. Every other call is one of `signalbox call`. */
const commands: Readonly<Record<string, readonly string[]>> = {
  'batches.pause': ['batch', 'pause'],
  'batches.resume': ['batch', 'resume'],
  'batches.start': ['batch', 'start'],
  'batches.stop': ['batch', 'stop'],
  'health.resetBreaker': ['breaker', 'reset'],
  'incidents.handle': ['incident', 'handle'],
  'incidents.reopen': ['incident', 'reopen'],
  'incidents.retry': ['incident', 'retry'],
  'pauses.pause': ['pause'],
  'pauses.resume': ['resume'],
  'reviews.assign': ['review'],
  'reviews.claim': ['review'],
  'reviews.decide': ['review'],
  'reviews.delegate': ['review'],
  'reviews.release': ['review'],
  'runs.cancel': ['cancel'],
  'runs.fork': ['fork'],
  'runs.pause': ['pause'],
  'runs.resume': ['resume'],
  'runs.retry': ['retry'],
  'runs.start': ['run'],
  'schedules.backfill': ['schedule', 'backfill'],
  'schedules.create': ['schedule', 'create'],
  'schedules.pause': ['schedule', 'pause'],
  'schedules.remove': ['schedule', 'remove'],
  'schedules.resume': ['schedule', 'resume'],
  'schedules.run': ['schedule', 'run'],
  'tokens.create': ['token', 'create'],
  'tokens.revoke': ['token', 'revoke'],
  'tokens.rotate': ['token', 'rotate'],
  'undo.resolve': ['undo'],
  'undo.retry': ['undo'],
  'workflows.migrate': ['migrate'],
  'workflows.simulate': ['simulate'],
};
/** Change nothing, or only this browser. */
const without = [
  'batches.preview',
  'identity.signIn',
  'identity.signOut',
  'runs.previewFork',
  'schedules.preview',
];

/** Calls that change something, with the folder of the page that makes them. */
function changes(): readonly { readonly call: string; readonly folder: string }[] {
  return files.flatMap(({ folder, text }) =>
    [...text.matchAll(/\bclient\s*\.\s*(\w+)\s*(?:\.\s*(\w+)\(|\[)/g)].flatMap(
      ([, topic = '', name]) => {
        const routes: Readonly<Record<string, Route>> = api[topic as keyof typeof api];
        // `client.undo[verb]`: any of those that have a command
        const names = Object.keys(routes).filter((each) =>
          name === undefined ? `${topic}.${each}` in commands : each === name,
        );
        return names
          .filter((each) => routes[each]?.method !== 'GET')
          .map((each) => ({ call: `${topic}.${each}`, folder }));
      },
    ),
  );
}

it('whatever the pages change, they show the command for', () => {
  const all = changes().filter(({ call }) => !without.includes(call));

  const silent = all.filter(({ call, folder }) => {
    const words = commands[call]?.map((word) => `'${word}'`).join(',\\s*');
    const shown = words ?? `callArguments\\(\\s*api\\.${call.replace('.', '\\.')}\\b`;
    return !files.some((file) => file.folder === folder && new RegExp(shown).test(file.text));
  });

  expect(all.length).toBeGreaterThan(40);
  expect(silent).toEqual([]);
  const known = commandFiles.flatMap(({ names }) => names);
  expect(Object.values(commands).filter(([first = '']) => !known.includes(first))).toEqual([]);
});
