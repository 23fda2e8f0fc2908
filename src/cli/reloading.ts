/** Workflows and triggers that follow their modules: what changes on disk is loaded anew while the runs go on. */
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { watch } from 'chokidar';
import { type LeftBehind, leftBehind } from '../analysis/left-behind.ts';
import type { Orchestrator } from '../orchestrator.ts';
import type { RunnableWorkflow } from '../ports/bindings.ts';
import type { Store } from '../ports/store.ts';
import type { DefinitionsChange, DefinitionsState } from '../service/definitions.ts';
import type { Trigger } from '../triggers/trigger.ts';
import { toFailure } from './failure.ts';
import { importFresh } from './fresh-modules.ts';
import {
  distinctTriggers,
  type FoundTrigger,
  loadMachines,
  type Machines,
  machinesFolder,
  withoutRepeats,
} from './machines.ts';

export interface Reloading {
  readonly state: DefinitionsState;
  /** Loads all modules as they are now. Never rejects. */
  reload(): Promise<void>;
  /** Reloads whenever a file of theirs changes. @returns ends it */
  follow(): Promise<() => Promise<void>>;
}

interface Options {
  /** As given to `--machines`. */
  readonly machines: string;
  readonly loaded: Machines;
  readonly orchestrator: Orchestrator;
  readonly store: Store;
  readonly nowMs: () => number;
  readonly note: (line: string) => void;
  /** Of the service. */
  readonly replaceTriggers: (triggers: readonly Trigger[]) => Promise<void>;
}

/** Runs looked at for each changed workflow, at most. */
const maxRuns = 200;
/** Editors write a file in several steps, and several files at once. */
const calmMs = 100;

export function createReloading(options: Options): Reloading {
  const { machines, orchestrator, store, nowMs, note, replaceTriggers } = options;
  const folder = machinesFolder(machines);
  const root = pathToFileURL(`${folder}/`);
  /** What each module defined when it could last be loaded. */
  let known = byModule(options.loaded.workflows);
  let knownTriggers = byModule(options.loaded.triggers);
  let problems = toProblems(options.loaded);
  let change: DefinitionsChange | null = null;
  let generation = 0;
  let last = Promise.resolve();

  async function load(): Promise<void> {
    generation += 1;
    const found = await loadMachines(machines, (module) => importFresh(module, root, generation));
    const fresh = keptWhereBroken(byModule(found.workflows), known, found);
    const before = orchestrator.workflows.map(keyOf);
    orchestrator.replaceWorkflows(withoutRepeats([...fresh.values()].flat()));
    known = fresh;
    problems = toProblems(found);
    const changed = orchestrator.workflows.filter((workflow) => !before.includes(keyOf(workflow)));
    const workflows = await Promise.all(changed.map(judged));
    if (workflows.length > 0) change = { atMs: nowMs(), workflows };
    for (const one of workflows) note(lineOf(one));
    if (workflows.length === 0) note('Loaded the workflows again; no plan has changed');
    for (const { module, message } of problems)
      note(`Module "${module}" cannot be loaded, what it defined before goes on: ${message}`);
    await loadTriggers(found);
  }

  async function loadTriggers(found: Machines): Promise<void> {
    const fresh = keptWhereBroken(byModule(found.triggers), knownTriggers, found);
    const before = triggersOf(knownTriggers);
    const triggers = triggersOf(fresh);
    if (before.length + triggers.length === 0) return;
    try {
      await replaceTriggers(triggers);
      knownTriggers = fresh;
      note(triggersLine(before, triggers));
    } catch (error) {
      const { message } = toFailure(error);
      problems = [...problems, { module: relative('', folder) || '.', message }];
      note(`The triggers were not replaced, those of before go on: ${message}`);
    }
  }

  async function judged(workflow: RunnableWorkflow) {
    const { name, version, plan } = workflow;
    const left = await leftBehind(store, workflow, maxRuns);
    return { workflow: name, version, hash: plan.hash, ...left };
  }

  function reload(): Promise<void> {
    last = last.then(load).catch((error: unknown) => {
      const { message } = toFailure(error);
      problems = [{ module: relative('', folder) || '.', message }];
      note(`The workflows were not replaced: ${message}`);
    });
    return last;
  }

  return {
    state: {
      get problems() {
        return problems;
      },
      get change() {
        return change;
      },
    },
    reload,
    async follow() {
      let calm: NodeJS.Timeout | undefined;
      const watcher = watch(folder, {
        ignoreInitial: true,
        ignored: (path) =>
          /[\\/](?:node_modules|\.[^\\/.][^\\/]*)(?:[\\/]|$)/.test(path.slice(folder.length)),
      });
      watcher.on('all', (_event, path) => {
        if (!/\.(?:[cm]?[jt]s|json)$/.test(path)) return;
        clearTimeout(calm);
        calm = setTimeout(() => void reload(), calmMs);
      });
      await new Promise<void>((resolve) => watcher.once('ready', () => resolve()));
      return async () => {
        clearTimeout(calm);
        await watcher.close();
        await last;
      };
    },
  };
}

const keyOf = ({ name, version, plan }: RunnableWorkflow) => `${name}@${version}#${plan.hash}`;

type ByModule<T> = ReadonlyMap<string, readonly T[]>;

function byModule<T extends { readonly module: URL }>(all: readonly T[]): ByModule<T> {
  return Map.groupBy(all, ({ module }) => fileURLToPath(module));
}

/** What modules define that could be loaded, and what the others defined before. */
function keptWhereBroken<T>(
  fresh: ByModule<T>,
  before: ByModule<T>,
  { problems }: Machines,
): ByModule<T> {
  const broken = problems.flatMap(({ module }) => {
    const kept = fresh.has(module) ? undefined : before.get(module);
    return kept === undefined ? [] : [[module, kept] as const];
  });
  return new Map([...fresh, ...broken]);
}

function triggersOf(found: ByModule<FoundTrigger>): readonly Trigger[] {
  return distinctTriggers([...found.values()].flat());
}

function triggersLine(before: readonly Trigger[], now: readonly Trigger[]): string {
  const names = (of: readonly Trigger[], without: readonly Trigger[]) =>
    of
      .map(({ name }) => name)
      .filter((name) => !without.some((other) => other.name === name))
      .join(', ');
  const [added, gone] = [names(now, before), names(before, now)];
  return [
    `Loaded ${now.length} ${now.length === 1 ? 'trigger' : 'triggers'} again`,
    ...(added === '' ? [] : [`new: ${added}`]),
    ...(gone === '' ? [] : [`gone: ${gone}`]),
  ].join('; ');
}

function toProblems({ problems }: Machines): DefinitionsState['problems'] {
  return problems.map(({ module, error }) => ({
    module: relative('', module),
    message: toFailure(error).message,
  }));
}

function lineOf(one: LeftBehind & { readonly workflow: string; readonly version: number }): string {
  const { staying } = one;
  const runs = staying.length === 1 ? 'run stays' : 'runs stay';
  return staying.length === 0
    ? `Loaded ${one.workflow} version ${one.version}`
    : `Loaded ${one.workflow} version ${one.version}; ${staying.length} ${runs} on the plan of before`;
}
