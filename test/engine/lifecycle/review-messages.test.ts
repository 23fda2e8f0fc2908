import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow, TransientError } from '../../../src/index.ts';
import { createDeathPoint } from '../../support/death-point.ts';
import { entryOf, eventsOf, hour, minute, openBench } from '../../support/engine-bench.ts';

interface Sent {
  readonly what: string;
  readonly key: string;
}

/** A review that is reminded of after one hour and escalated after 90 minutes; `sent` is what the world outside has got. */
function aReview(sent: Sent[], fails: (what: string) => boolean = () => false) {
  const retry = { maxAttempts: 3, backoff: { kind: 'fixed', initial: '1m' } } as const;
  const send = (what: string, key: string) => {
    if (fails(what)) throw new TransientError('The mail server is down');
    sent.push({ what, key });
    return null;
  };
  const remind = defineTask({
    name: 'remind',
    input: z.object({ reviewId: z.string(), round: z.number() }),
    output: z.null(),
    compensate: 'none',
    retry,
    run: async ({ input, idempotencyKey }) => send(`reminder ${input.round}`, idempotencyKey),
  });
  const tell = defineTask({
    name: 'tell',
    input: z.object({ reviewId: z.string(), level: z.number(), to: z.array(z.string()) }),
    output: z.null(),
    compensate: 'none',
    retry,
    run: async ({ input, idempotencyKey }) =>
      send(`escalation ${input.level} to ${input.to.join()}`, idempotencyKey),
  });
  return defineWorkflow({
    name: 'asked',
    version: 1,
    input: z.string(),
    steps: (w) =>
      w.review('approval', {
        show: w.input,
        remind: { every: '1h', run: remind },
        escalate: { after: '90m', to: ['managers'], run: tell },
        onRejected: 'fail',
      }),
  });
}

describe('messages about an open review', () => {
  it('go out although the process dies at any write; a second copy has the id of the first', async () => {
    let deaths = 0;
    let copies = 0;
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; ; at += 1) {
        const sent: Sent[] = [];
        const death = createDeathPoint();
        const workflow = aReview(sent);
        const bench = await openBench({ workflows: [workflow], store: death.store });
        const { runId } = await bench.engine.start(workflow, 'x');
        death.arm(death.count + at, when, bench.kill);
        await bench.clock.advance(100 * minute);
        if (!death.hasStruck) break;
        deaths += 1;

        const engine = await bench.crash();
        await bench.clock.advance(10 * minute);

        const messages = Map.groupBy(sent, ({ what }) => what);
        const events = await eventsOf(engine, runId);
        expect({
          place: [when, at],
          messages: [...messages.keys()],
          ids: [...messages.values()].map((all) => new Set(all.map(({ key }) => key)).size),
          isThrice: [...messages.values()].some((all) => all.length > 2),
          told: events.filter((event) => event === 'approval.told').length,
        }).toEqual({
          place: [when, at],
          messages: ['reminder 1', 'escalation 1 to managers'],
          ids: [1, 1],
          isThrice: false,
          told: 2,
        });
        copies += sent.length - messages.size;
      }
    }
    // killed between a message and its record
    expect(copies).toBeGreaterThan(0);
    expect(deaths).toBeGreaterThanOrEqual(8);
  });

  it('are tried again while they fail for a moment, and given up in the history', async () => {
    const sent: Sent[] = [];
    let failures = 0;
    const workflow = aReview(sent, (what) => what.startsWith('reminder') && (failures += 1) > 0);
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, 'x');

    await clock.advance(hour + 5 * minute);

    expect(failures).toBe(3);
    expect(await entryOf(engine, runId, 'approval.not_told')).toMatchObject({
      data: { of: 'reminder', number: 1 },
      attempt: 3,
    });
    await clock.advance(hour);
    expect(sent.map(({ what }) => what)).toEqual(['escalation 1 to managers']);
  });

  it('are over when the review is, and a review that is asked again has its own', async () => {
    const sent: Sent[] = [];
    let isDown = true;
    const workflow = aReview(sent, () => isDown);
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const { runId } = await engine.start(workflow, 'x');
    await clock.advance(hour);
    await engine.decide(runId, 'approval', { outcome: 'rejected', actor: 'ann' });
    await clock.advance(hour);
    expect((await engine.get(runId)).waitingOn).toEqual([]);
    isDown = false;
    await engine.retry(runId, { actor: 'op' });
    await clock.advance(hour);
    const again = sent.splice(0);
    await engine.decide(runId, 'approval', { outcome: 'rejected', actor: 'ann' });
    await engine.retry(runId, { actor: 'op' });
    await clock.advance(hour);

    expect(sent.map(({ what }) => what)).toEqual(['reminder 1']);
    expect(sent[0]?.key).not.toBe(again[0]?.key);
  });
});
