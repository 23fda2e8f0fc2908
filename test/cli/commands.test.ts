import { describe, expect, it } from 'vitest';
import { createCli } from '../../src/cli/cli.ts';
import { addCommands, commandFiles } from '../../src/cli/commands.ts';
import { createProgram } from '../../src/cli/program.ts';

const interruption = { signal: null, happened: new Promise<never>(() => {}) };

async function commandsFor(...words: readonly string[]): Promise<readonly string[]> {
  const program = createProgram();
  await addCommands(program, createCli(program, interruption), words);
  return program.commands.flatMap((command) => [command.name(), ...command.aliases()]);
}

describe('the commands a call loads', () => {
  it.each(commandFiles.flatMap(({ names }) => names.map((name) => [name, names] as const)))(
    '%s: its file and no other',
    async (name, names) => {
      expect(await commandsFor(name, '--help')).toEqual(names);
    },
  );

  it.each([
    { words: ['--store', 'prune', 'runs'], loads: ['runs', 'prune'] },
    { words: ['--version'], loads: [] },
  ])('$words: $loads', async ({ words, loads }) => {
    expect(await commandsFor(...words)).toEqual(loads);
  });

  it.each([
    { words: [] },
    { words: ['--help'] },
    { words: ['help', 'runs'] },
    { words: ['--json', '--help', 'runs'] },
    { words: ['rums'] },
  ])('$words: all', async ({ words }) => {
    expect(await commandsFor(...words)).toEqual(commandFiles.flatMap(({ names }) => names));
  });
});
