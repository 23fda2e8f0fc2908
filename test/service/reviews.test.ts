import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { api } from '../../src/api/api.ts';
import type { RequestOf } from '../../src/api/route.ts';
import { createClient } from '../../src/client/index.ts';
import { defineWorkflow } from '../../src/index.ts';
import { createApp } from '../../src/service/app.ts';
import { gistOf } from '../../src/service/reviews/gist.ts';
import { day, openBench } from '../support/engine-bench.ts';

const change = defineWorkflow({
  name: 'change',
  version: 1,
  input: z.strictObject({ system: z.string() }),
  onFailure: 'keep',
  steps(w) {
    const window = w.review('window', {
      show: w.input,
      form: z.strictObject({ hour: z.number() }),
      assignTo: ['operations'],
      expires: '24h',
    });
    return w.finish(window, { approve: 'person' });
  },
});

async function aService() {
  const { engine: orchestrator, store, clock } = await openBench({ workflows: [change] });
  const app = await createApp({ orchestrator, store, clock });
  onTestFinished(() => app.close());
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const client = createClient({ url });
  const start = async (system: string) => {
    const { runId } = await client.runs.start({ body: { workflow: 'change', input: { system } } });
    return runId;
  };
  return { orchestrator, clock, client, url, start };
}

describe('calls about reviews', () => {
  it('the inbox shows the next deadline first, in pages, and what the caller may decide', async () => {
    const { client, clock, start } = await aService();
    const first = await start('a');
    await clock.advance(1_000);
    await start('b');

    const page = await client.reviews.list({ query: { limit: 1 } });
    const next = await client.reviews.list({ query: { limit: 1, cursor: page.cursor ?? '' } });

    expect(page).toMatchObject({
      reviews: [
        {
          runId: first,
          step: 'window',
          kind: 'step',
          gist: [{ name: 'system', value: 'a' }],
          mayDecide: false,
        },
      ],
      counts: { all: 2, decidable: 0, overdue: 0 },
      total: 2,
      isCapped: false,
    });
    expect(next.reviews[0]?.runId).not.toBe(first);
    expect(next.cursor).toBeNull();
    const idsOf = async (query: NonNullable<RequestOf<typeof api.reviews.list>['query']>) =>
      (await client.reviews.list({ query })).reviews.map(({ runId }) => runId);
    expect(await idsOf({ offset: 1 })).toEqual([next.reviews[0]?.runId]);
    expect(await idsOf({ q: first.toUpperCase() })).toEqual([first]);
    expect(await idsOf({ q: 'B' })).toContain(next.reviews[0]?.runId);
    expect((await client.reviews.list({ query: { scope: 'groups' } })).reviews).toEqual([]);
  });

  it('the line of a review has its first short facts, nothing left out as sensitive, and costs no more than they do', () => {
    const shown = {
      card: '[redacted]',
      account: { holder: 'ann', note: 'x'.repeat(61) },
      ['x'.repeat(61)]: 'a name as long as a text',
      euros: 5,
      days: 3,
      place: 'Ulm',
    };
    const rest = {
      get more(): string {
        throw new Error('is not looked at');
      },
    };

    expect(gistOf({ ...shown, rest })).toEqual([
      { name: 'holder', value: 'ann' },
      { name: 'euros', value: '5' },
      { name: 'days', value: '3' },
      { name: 'place', value: 'Ulm' },
    ]);
  });

  it('a part of an address that leads to another call is sent nowhere', async () => {
    const { client } = await aService();

    const asked = ['', '.', '..'].map((runId) =>
      client.reviews.get({ params: { runId, step: 'window' } }),
    );

    for (const one of asked) await expect(one).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('one review comes with what it shows and the form it asks for', async () => {
    const { client, start } = await aService();
    const runId = await start('a');

    const review = await client.reviews.get({ params: { runId, step: 'window' } });

    expect(review).toMatchObject({
      shown: { system: 'a' },
      form: { required: ['hour'] },
      outcomes: ['approved', 'rejected'],
      previous: null,
      afterwards: 'it counts as rejected',
    });
    await expect(
      client.reviews.get({ params: { runId, step: 'completion' } }),
    ).rejects.toMatchObject({ status: 409, code: 'REVIEW_NOT_OPEN' });
  });

  it('E-01: somebody outside the group is refused, and the attempt stands in the history', async () => {
    const { client, start } = await aService();
    const runId = await start('a');
    const { shownHash } = await client.reviews.get({ params: { runId, step: 'window' } });

    const decided = client.reviews.decide({
      params: { runId, step: 'window' },
      body: { outcome: 'approved', form: { hour: 3 }, shownHash },
    });

    await expect(decided).rejects.toMatchObject({ status: 403, code: 'REVIEW_FORBIDDEN' });
    const { history } = await client.reviews.get({ params: { runId, step: 'window' } });
    expect(history).toMatchObject([{ event: 'decision.refused', actor: 'developer' }]);
  });

  it('a decision is bound to what was seen: in the body or as If-Match', async () => {
    const { client, clock, orchestrator, start, url } = await aService();
    const runId = await start('a');
    await clock.advance(day);
    const { shownHash } = await client.reviews.get({ params: { runId, step: 'completion' } });
    await orchestrator.decide(runId, 'completion', { outcome: 'rejected', actor: 'ann' });
    await orchestrator.retry(runId);
    const decide = (headers: Record<string, string>) =>
      fetch(`${url}/api/v1/runs/${runId}/reviews/completion/decision`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ outcome: 'rejected' }),
      });

    expect((await decide({})).status).toBe(422);
    expect((await decide({ 'if-match': '"of-something-else"' })).status).toBe(412);
    expect(await client.reviews.get({ params: { runId, step: 'completion' } })).toMatchObject({
      shownHash,
      previous: { shownHash, how: 'rejected', actor: 'ann', changes: [] },
      history: [{ event: 'completion.decided' }, { event: 'decision.refused' }],
    });
    expect(await (await decide({ 'if-match': `"${shownHash}"` })).json()).toEqual({
      status: 'failed',
      isOpen: false,
      missingRejections: 0,
      missing: 0,
    });
  });

  it('a review is claimed, delegated, assigned and released, and only operators assign', async () => {
    const { client, orchestrator, start, url, clock } = await aService();
    const runId = await start('a');
    const params = { runId, step: 'window' };
    const as = (name: string, groups = 'operations') =>
      createClient({
        url,
        headers: { 'x-signalbox-actor': name, 'x-signalbox-groups': groups },
      });

    const claimed = await as('ann').reviews.claim({ params, body: { forMs: 60_000 } });
    const inbox = await as('bob').reviews.list({
      query: { scope: 'groups', claimed: 'by_others' },
    });

    expect(claimed.claimedBy).toMatchObject({ actor: 'ann' });
    expect(inbox.reviews).toMatchObject([
      { runId, mayDecide: false, whyNot: 'somebody else has claimed it' },
    ]);
    await expect(as('bob').reviews.release({ params, body: {} })).rejects.toMatchObject({
      status: 409,
      code: 'REVIEW_CLAIMED',
    });
    await clock.advance(60_000);
    expect(await client.reviews.get({ params })).toMatchObject({ claimedBy: null });
    await as('ann').reviews.claim({ params, body: {} });
    await as('ann').reviews.release({ params, body: {} });
    await as('ann').reviews.delegate({ params, body: { to: 'zoe' } });
    expect((await as('zoe', '').reviews.list({ query: { scope: 'mine' } })).reviews).toHaveLength(
      1,
    );
    await client.reviews.assign({ params, body: { to: ['leads'], reason: 'holidays' } });
    expect((await orchestrator.get(runId)).waitingOn[0]).toMatchObject({
      assignees: ['leads'],
      review: { delegatedTo: [], claimedBy: null },
    });
  });
});
