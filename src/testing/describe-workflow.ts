/** A suite of tests for a workflow, made from its chart. Needs vitest. */

import { SignalboxError } from '../errors.ts';
import { createOrchestrator, type Orchestrator } from '../orchestrator.ts';
import type { Contract, RunnableWorkflow } from '../ports/bindings.ts';
import type { Store } from '../ports/store.ts';
import { textOf } from '../proof/paths/move.ts';
import type { Coverage, WorkflowPath } from '../proof/paths/paths.ts';
import { invalidExamples } from './examples/examples.ts';
import { reviewer } from './player/answers.ts';
import type { Fixtures } from './player/fixtures.ts';
import { paths } from './player/paths.ts';
import { play } from './player/play.ts';
import type { Script } from './player/script.ts';
import { createWorld, silent } from './player/world.ts';
import { scriptOf } from './player/write-script.ts';
import { afterAll, describe, expect, it } from './vitest.ts';

/** How thoroughly the paths of a workflow are walked, and on which store. */
export interface DescribeWorkflowOptions extends Fixtures {
  /** Default `transitions`. */
  readonly coverage?: Coverage;
  /** A store for each path. Default: in memory. */
  readonly openStore?: () => Store | Promise<Store>;
  /** Transitions that no path takes, with the reason; compared with what the walk found, so that a new one is noticed. */
  readonly unreachable?: { readonly [transition: string]: string };
  /** Told at the end what was walked. */
  readonly onDone?: (summary: WalkSummary) => void;
}

/** How much of a workflow its walks took. */
export interface WalkSummary {
  readonly workflow: string;
  readonly paths: number;
  /** Of the chart. */
  readonly transitions: number;
  readonly taken: number;
  readonly unreachable: number;
  readonly events: number;
}

/** Refused values tried for an input, a form or a payload. */
const refusals = 8;

/**
 * Walks every path of the workflow against the real engine, on a clock that stands still, with generated values where `tasks`, `inputs`, `events`
 * and `forms` give none. After each event status and state are compared with the chart, at the end the output and what was undone. Invalid inputs,
 * forms and payloads must be refused. At the end every transition of the chart has been taken, or stands in `unreachable`.
 */
export function describeWorkflow(
  workflow: RunnableWorkflow,
  options: DescribeWorkflowOptions = {},
): void {
  const report = paths(workflow, {
    coverage: options.coverage ?? 'transitions',
    fixtures: options,
  });
  const taken = new Set<string>();
  const reasons = new Map(report.unreachable.map(({ transition, reason }) => [transition, reason]));
  const open = async () =>
    createWorld(options.openStore === undefined ? {} : { store: await options.openStore() });

  // The last test is about all paths, so their order stays where tests are shuffled.
  describe(`${workflow.name} ${workflow.version}, path by path`, { shuffle: false }, () => {
    for (const path of report.paths) {
      it(titleOf(path), async ({ skip }) => {
        const written = await scriptOf(workflow, path, options);
        if (!written.ok) {
          for (const transition of path.covers) reasons.set(transition, written.reason);
          skip(`infeasible: ${written.reason}`);
          return;
        }

        const { differences } = await play(written.script, await open());

        expect(differences).toEqual([]);
        for (const step of path.steps) for (const transition of step.taken) taken.add(transition);
      });
    }

    it('refuses invalid inputs and keeps nothing of them', async () => {
      const { store, clock } = await open();
      const orchestrator = await createOrchestrator({
        workflows: [workflow],
        store,
        clock,
        logger: silent,
      });
      const request = {
        what: `input of workflow "${workflow.name}"`,
        contract: workflow.bindings.input,
        given: options.inputs,
      };

      const values = invalidExamples(request, options.seed ?? 1, refusals);
      const accepted = await notRefused(values, 'INPUT_INVALID', (input) =>
        orchestrator.start(workflow.name, input),
      );

      expect(accepted).toEqual([]);
      expect((await orchestrator.list()).runs).toEqual([]);
      await orchestrator.close({ graceMs: 0 });
    });

    for (const door of doorsOf(workflow)) {
      it(`refuses ${door.what} that are invalid, and goes on waiting`, async ({ skip }) => {
        const script = await firstWith(door.move);
        if (script === null) {
          skip(`no path of this workflow passes ${door.move}`);
          return;
        }
        const values = invalidExamples(
          { ...door, given: door.given(options) },
          options.seed ?? 1,
          refusals,
        );
        let tried = 0;
        let accepted: readonly unknown[] = [];
        const world = await open();

        const { differences } = await play(script, {
          ...world,
          async before({ orchestrator, runId, move }) {
            if (move.type !== door.move || tried > 0) return;
            tried = values.length;
            accepted = await notRefused(values, door.code, (value) =>
              door.send(orchestrator, runId, value),
            );
          },
        });

        expect(accepted).toEqual([]);
        expect(differences).toEqual([]);
        expect(tried).toBe(values.length);
      });
    }

    it('takes every transition of the chart but the unreachable ones', () => {
      const missing = report.transitionIds.filter((transition) => !taken.has(transition));
      const found = missing.map(
        (id) => [id, reasons.get(id) ?? 'no path that takes it was played'] as const,
      );

      expect(
        Object.fromEntries(found),
        'No path took these transitions. If that is right, copy what was received into the option "unreachable" of describeWorkflow',
      ).toEqual(options.unreachable ?? {});
    });

    afterAll(() => {
      options.onDone?.({
        workflow: workflow.name,
        paths: report.paths.length,
        transitions: report.transitions,
        taken: taken.size,
        unreachable: report.transitions - taken.size,
        events: report.events,
      });
    });
  });

  async function firstWith(event: string): Promise<Script | null> {
    for (const path of report.paths) {
      const passes = ({ move }: WorkflowPath['steps'][number]) =>
        move.type === event && move.outcome !== 'rejected' && move.faulted !== true;
      if (!path.steps.some(passes)) continue;
      const written = await scriptOf(workflow, path, options);
      if (written.ok) return written.script;
    }
    return null;
  }
}

/** The values that were not refused with the code, and how each was answered. */
async function notRefused(
  values: readonly unknown[],
  code: string,
  send: (value: unknown) => Promise<unknown>,
): Promise<readonly unknown[]> {
  const wrong: unknown[] = [];
  for (const value of values) {
    const answer = await send(value).catch((error: unknown) => error);
    if (!(answer instanceof SignalboxError) || answer.code !== code) wrong.push({ value, answer });
  }
  return wrong;
}

/** Where a value comes in from outside while the run waits. */
interface Door {
  readonly what: string;
  /** Event by which it comes in. */
  readonly move: string;
  readonly contract: Contract;
  /** Of the refusal. */
  readonly code: string;
  given(fixtures: Fixtures): readonly unknown[] | undefined;
  send(orchestrator: Orchestrator, runId: string, value: unknown): Promise<unknown>;
}

function doorsOf({ plan, bindings }: RunnableWorkflow): readonly Door[] {
  return plan.nodes.flatMap((node): Door[] => {
    const { id } = node;
    const form = bindings.forms.get(id);
    if (node.kind === 'review' && node.approve.by !== 'automatic' && form !== undefined)
      return [
        {
          what: `forms of "${id}"`,
          move: `${id}.decided`,
          contract: form,
          code: 'FORM_INVALID',
          given: ({ forms }: Fixtures) => forms?.[id],
          async send(orchestrator: Orchestrator, runId: string, value: unknown) {
            const { waitingOn } = await orchestrator.get(runId);
            const open = waitingOn.find(({ kind, step }) => kind === 'review' && step === id);
            const groups = open?.assignees ?? [];
            const decision = { outcome: 'approved', actor: reviewer, form: value } as const;
            return orchestrator.decide(runId, id, { ...decision, groups });
          },
        },
      ];
    const payload = node.kind === 'wait' ? bindings.events.get(node.event) : undefined;
    if (node.kind !== 'wait' || payload === undefined) return [];
    return [
      {
        what: `payloads of "${node.event}" for "${id}"`,
        move: `${id}.received`,
        contract: payload,
        code: 'INPUT_INVALID',
        given: ({ events }: Fixtures) => events?.[node.event],
        send: (orchestrator: Orchestrator, runId: string, value: unknown) =>
          orchestrator.signal(runId, node.event, value),
      },
    ];
  });
}

function titleOf({ id, steps, end }: WorkflowPath): string {
  const last = steps.slice(-6).map(({ move }) => textOf(move));
  return `${id}: ${steps.length > 6 ? '… > ' : ''}${last.join(' > ')} > ${end}`;
}
