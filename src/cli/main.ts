import { CommanderError } from 'commander';
import { createCli } from './cli.ts';
import { addCommands } from './commands.ts';
import { watchSignals } from './interruption.ts';
import { createProgram } from './program.ts';

const program = createProgram();
const cli = createCli(program, watchSignals());
await addCommands(program, cli, process.argv.slice(2));

// Whoever reads the output may have seen enough: `signalbox export | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? cli.exitCode : 1);
});

try {
  await program.parseAsync();
} catch (error) {
  // Help and version have been printed already.
  const isAnswered = error instanceof CommanderError && error.exitCode === 0;
  if (!isAnswered) await cli.fail(error);
}
// Whatever a task has left running must not keep the command.
process.exit(cli.exitCode);
