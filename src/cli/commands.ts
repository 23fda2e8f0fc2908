/** One file per command; a call loads the files of the commands it names, which is most of what it takes to start. */
import type { Command } from 'commander';
import type { Cli } from './cli.ts';

type Add = (program: Command, cli: Cli) => void;

interface CommandFile {
  /** Of the commands it adds, aliases included. */
  readonly names: readonly string[];
  readonly load: () => Promise<Add>;
}

const file = (names: readonly string[], load: () => Promise<Add>): CommandFile => ({ names, load });

/** In the order of the help. */
export const commandFiles: readonly CommandFile[] = [
  file(['serve', 'start'], async () => (await import('./commands/serve.ts')).addServe),
  file(['run'], async () => (await import('./commands/run.ts')).addRun),
  file(['work'], async () => (await import('./commands/work.ts')).addWork),
  file(['runs'], async () => (await import('./commands/runs.ts')).addRuns),
  file(['show'], async () => (await import('./commands/show.ts')).addShow),
  file(['history'], async () => (await import('./commands/history.ts')).addHistory),
  file(['explain'], async () => (await import('./commands/explain.ts')).addExplain),
  file(['review'], async () => (await import('./commands/review.ts')).addReview),
  file(['signal'], async () => (await import('./commands/signal.ts')).addSignal),
  file(['cancel'], async () => (await import('./commands/cancel.ts')).addCancel),
  file(['retry'], async () => (await import('./commands/retry.ts')).addRetry),
  file(['undo'], async () => (await import('./commands/undo.ts')).addUndo),
  file(['fork'], async () => (await import('./commands/fork.ts')).addFork),
  file(['pause'], async () => (await import('./commands/pause.ts')).addPause),
  file(['resume'], async () => (await import('./commands/resume.ts')).addResume),
  file(['prune'], async () => (await import('./commands/prune.ts')).addPrune),
  file(['export'], async () => (await import('./commands/export.ts')).addExport),
  file(['simulate'], async () => (await import('./commands/simulate.ts')).addSimulate),
  file(['copy-as-test'], async () => (await import('./commands/copy-as-test.ts')).addCopyAsTest),
  file(['coverage'], async () => (await import('./commands/coverage.ts')).addCoverage),
  file(['audit'], async () => (await import('./commands/audit.ts')).addAudit),
  file(['plan'], async () => (await import('./commands/plan.ts')).addPlan),
  file(['diff'], async () => (await import('./commands/diff.ts')).addDiff),
  file(['diagram'], async () => (await import('./commands/diagram.ts')).addDiagram),
  file(['migrate'], async () => (await import('./commands/migrate.ts')).addMigrate),
  file(['mcp'], async () => (await import('./commands/mcp.ts')).addMcp),
  file(
    ['schedules', 'triggers', 'schedule'],
    async () => (await import('./commands/schedules.ts')).addSchedules,
  ),
  file(['docs'], async () => (await import('./commands/docs.ts')).addDocs),
  file(['workflows'], async () => (await import('./commands/workflows.ts')).addWorkflows),
  file(['check'], async () => (await import('./commands/check.ts')).addCheck),
  file(['paths'], async () => (await import('./commands/paths.ts')).addPaths),
  file(['breakers'], async () => (await import('./commands/breakers.ts')).addBreakers),
  file(['batches', 'batch'], async () => (await import('./commands/batches.ts')).addBatches),
  file(
    ['incidents', 'incident'],
    async () => (await import('./commands/incidents.ts')).addIncidents,
  ),
  file(['health', 'breaker'], async () => (await import('./commands/health.ts')).addHealth),
  file(['spend'], async () => (await import('./commands/spend.ts')).addSpend),
  file(['damaged'], async () => (await import('./commands/damaged.ts')).addDamaged),
  file(['token'], async () => (await import('./commands/token.ts')).addToken),
  file(['call'], async () => (await import('./commands/call.ts')).addCall),
  file(['test'], async () => (await import('./commands/test.ts')).addTest),
];

/** Adds the commands that the words of a command line name; all of them if they name none, or ask for help. */
export async function addCommands(
  program: Command,
  cli: Cli,
  words: readonly string[],
): Promise<void> {
  const adding = await Promise.all(neededFor(words).map(({ load }) => load()));
  for (const add of adding) add(program, cli);
}

export function neededFor(words: readonly string[]): readonly CommandFile[] {
  const [first = ''] = words;
  const named = (word: string) => commandFiles.filter(({ names }) => names.includes(word));
  if (named(first).length > 0 || first === '--version') return named(first);
  if (words.some((word) => helpWords.has(word))) return commandFiles;
  // The name stands behind common options, whose values may look like names too.
  const some = commandFiles.filter(({ names }) => names.some((name) => words.includes(name)));
  return some.length > 0 ? some : commandFiles;
}

const helpWords: ReadonlySet<string> = new Set(['help', '--help', '-h']);
