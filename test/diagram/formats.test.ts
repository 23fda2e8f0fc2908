import { instance as graphviz } from '@viz-js/viz';
import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { incidentResponse } from '../../machines/incident-response/workflow.ts';
import { monthlyOperationsReport } from '../../machines/quarterly-report/workflow.ts';
import { compileChart } from '../../src/chart/advance.ts';
import { toDot } from '../../src/diagram/dot.ts';
import { graphOf } from '../../src/diagram/graph-of.ts';
import { overlayOfPath, pathOfNames } from '../../src/diagram/highlight.ts';
import { toMachineConfig } from '../../src/diagram/machine-config.ts';
import { toMermaid } from '../../src/diagram/mermaid.ts';
import { parseMermaid } from './mermaid-parser.ts';
import { everything, fork, hostile } from './samples.ts';

const views = ['steps', 'states'] as const;
const workflows = [incidentResponse, monthlyOperationsReport, everything, fork, hostile];
const cases = workflows.flatMap(({ plan }) => views.map((view) => ({ plan, view })));

describe('toMermaid', () => {
  it.each(cases)('is read by Mermaid itself: $plan.name, $view', async ({ plan, view }) => {
    const overlay = overlayOfPath(plan, pathOfNames(plan, ['start', 'complete']));

    expect(await parseMermaid(toMermaid(plan, { view, overlay }))).toBe(
      view === 'steps' ? 'flowchart-v2' : 'stateDiagram',
    );
  });

  it('is not read if a box is not closed, so that the test above can fail', async () => {
    const broken = toMermaid(fork.plan).replace('"]\n', '"\n');

    await expect(parseMermaid(broken)).rejects.toThrow('Parse error');
  });

  it('nests the states, and separates the regions of a parallel state', () => {
    const text = toMermaid(fork.plan, { view: 'states' });

    expect(text).toContain('  state "processing" as s_processing {\n');
    expect(text.match(/^ +--$/gm)).toHaveLength(1);
    expect(text).toContain('  [*] --> s_pending\n');
  });
});

describe('toDot', () => {
  it.each(cases)('is read by Graphviz, with every node: $plan.name, $view', async (each) => {
    const { plan, view } = each;
    const viz = await graphviz();
    const result = viz.render(toDot(plan, { view }), { format: 'dot_json' });

    expect(result.errors.filter(({ level }) => level === 'error')).toEqual([]);
    const drawn = JSON.parse(result.output ?? '{}') as { objects: { name: string }[] };
    const names = new Set(drawn.objects.map(({ name }) => name));
    expect(graphOf(plan, view).nodes.filter(({ id }) => !names.has(id))).toEqual([]);
  });

  it('is not read if a quote is missing, so that the test above can fail', async () => {
    const viz = await graphviz();

    expect(viz.render(toDot(fork.plan).replace('"prepare"', '"prepare')).status).toBe('failure');
  });
});

describe('toMachineConfig', () => {
  it.each(workflows)('goes through JSON and createMachine unchanged: $name', ({ plan }) => {
    const config = JSON.parse(JSON.stringify(toMachineConfig(plan))) as object;
    const machine = createMachine(config as Parameters<typeof createMachine>[0]);

    const ids = (each: { readonly states: object }) => Object.keys(each.states);
    expect(config).toEqual(toMachineConfig(plan));
    expect(machine.version).toBe(String(plan.version));
    expect(statesIn(machine.definition)).toEqual(statesIn(compileChart(plan).machine.definition));
    expect(ids(machine)).toContain('waiting_review');
  });
});

interface Definition {
  readonly id: string;
  readonly transitions: readonly { readonly eventType: string; readonly target?: unknown }[];
  readonly states: { readonly [name: string]: Definition };
}

/** Every state with what it answers to. */
function statesIn(root: unknown): readonly string[] {
  const { id, transitions, states } = root as Definition;
  const inside = Object.values(states ?? {}).flatMap(statesIn);
  return [`${id}: ${transitions.map(({ eventType }) => eventType).join()}`, ...inside];
}
