/** Where values of sensitive fields end up in the output of a run. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Builder,
  defineEvent,
  defineTask,
  defineWorkflow,
  forwardWorkflow,
  type Ref,
} from '../../src/definition/index.ts';
import { flow } from './support/fixtures.ts';

const Secret = z.object({ pin: z.string().meta({ sensitive: true }), plain: z.string() });
const reveal = defineTask({
  name: 'reveal',
  input: z.unknown(),
  output: Secret,
  failures: { locked: z.object({ hint: z.string().meta({ sensitive: true }) }) },
  compensate: 'none',
  run: async () => ({ pin: '', plain: '' }),
});
const told = defineEvent({ name: 'told', payload: Secret });
const child = defineWorkflow({
  name: 'child',
  version: 1,
  input: z.string(),
  steps: (w) => w.task('a', reveal, { input: w.input }),
});

describe('sensitive values', () => {
  it('are followed through tolerance, waits, choices, children, maps, lists and the run context', () => {
    const { plan } = defineWorkflow({
      name: 'revealing',
      version: 1,
      input: z.object({ ids: z.array(z.string()) }),
      context: { kept: { schema: Secret, initial: { pin: '', plain: '' }, reduce: 'replace' } },
      steps(w) {
        const later = forwardWorkflow<string, string>({
          name: 'later',
          version: 1,
          workflow: () => child as never,
        });
        const settled = w.task('settled', reveal, {
          input: 1,
          tolerate: ['locked'],
          fallback: reveal,
        });
        const waited = w.waitFor('waited', told, { within: '1h', onTimeout: 'continue' });
        const chosen = w.when(
          'chosen',
          w.is(w.input, 'p', () => true),
          () => w.waitFor('again', told),
          () => settled.$.status,
        );
        const items = w.map(
          'items',
          w.input.$.ids,
          { onItemFailure: 'collect', batch: 2 },
          (item) => w.task('each', reveal, { input: item }),
        );
        w.emit('out', told, { payload: { pin: 'x', plain: 'y' } });
        return w.finish(
          {
            settled,
            list: [waited, chosen],
            below: w.child('below', child, { input: 'x' }),
            promised: w.child('promised', later, { input: 'x', tolerate: 'any' }),
            items,
            kept: w.context.kept,
            constant: 1,
            nothing: undefined,
          },
          { approve: 'person' },
        );
      },
    });

    expect(plan.sensitiveOutput.map((path) => path.join('.'))).toEqual([
      'settled.value.pin',
      'settled.detail.hint',
      'list.0.value.pin',
      'list.1.pin',
      'below.pin',
      'promised.value',
      'items.complete.*.value.pin',
      'kept.pin',
    ]);
  });

  const Whole = z.object({
    card: z.object({ number: z.string() }).meta({ sensitive: true }),
    id: z.string(),
  });
  const outputOf = (steps: (w: Builder<z.infer<typeof Whole>>) => Ref<unknown>) =>
    defineWorkflow({ name: 'whole', version: 1, input: Whole, steps }).plan.sensitiveOutput;

  it('make what is below them sensitive, and leave what is beside them alone', () => {
    expect(outputOf((w) => w.input)).toEqual([['card']]);
    expect(outputOf((w) => w.input.$.card.$.number)).toEqual([[]]);
    expect(outputOf((w) => w.input.$.id)).toEqual([]);
  });

  it('make whatever is derived from them sensitive', () => {
    expect(outputOf((w) => w.derive('d', w.input, (input) => input.id))).toEqual([[]]);
    expect(outputOf((w) => w.derive('d', w.input.$.id, (id) => id))).toEqual([]);
  });

  it('come from a run of the workflow itself only if the workflow has any', () => {
    const calling = (field: 'id' | 'card') =>
      outputOf((w) => {
        const self = forwardWorkflow<z.infer<typeof Whole>, string>({
          name: 'whole',
          version: 1,
          workflow: () => child as never,
        });
        const again = w.child('again', self, { input: w.input });
        return w.derive('both', { again, own: w.input.$[field] }, ({ again }) => again);
      });

    expect(calling('id')).toEqual([]);
    expect(calling('card')).toEqual([[]]);
  });

  it('are none in most workflows', () => {
    expect(flow((w) => w.review('a')).plan.sensitiveOutput).toEqual([]);
  });
});
