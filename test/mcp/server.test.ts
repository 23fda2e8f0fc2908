import { Client as McpClient } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { createClient } from '../../src/client/index.ts';
import { createOrchestrator, defineEvent, defineWorkflow } from '../../src/index.ts';
import { createMcpServer } from '../../src/mcp/server.ts';
import { createApp } from '../../src/service/app.ts';
import { silent } from '../../src/testing/player/world.ts';

const paid = defineEvent({ name: 'order.paid', payload: z.object({ amount: z.number() }) });
const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: z.object({ orderId: z.string() }),
  steps: (w) => {
    const payment = w.waitFor('payment', paid);
    return w.finish(
      { orderId: w.input.$.orderId, amount: payment.$.amount },
      { approve: 'person' },
    );
  },
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Of any tool: whatever the tests look at. */
interface Answer {
  readonly [field: string]: unknown;
  readonly refused?: string;
  readonly runId: string;
  readonly shownHash: string;
  readonly choices: readonly { readonly tool: string }[];
}

/** @param actor - of the assistant */
async function anAssistant({ mayDecide = [] as readonly string[], actor = 'assistant' } = {}) {
  const store = createMemoryStore();
  const orchestrator = await createOrchestrator({ workflows: [order], store, logger: silent });
  closing.push(() => orchestrator.close());
  const app = await createApp({ orchestrator, store, clock: systemClock });
  closing.push(() => app.close());
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const client = createClient({ url, headers: { 'x-signalbox-actor': actor } });
  const server = createMcpServer({ client, mayDecide, version: '1' });
  const assistant = new McpClient({ name: 'test', version: '1' });
  const [here, there] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(there), assistant.connect(here)]);
  closing.push(() => assistant.close());

  async function call(name: string, args: Record<string, unknown> = {}) {
    const { content, isError } = await assistant.callTool({ name, arguments: args });
    const [{ text }] = content as [{ text: string }];
    return (isError === true ? { refused: text } : JSON.parse(text)) as Answer;
  }
  /** A run that waits for its payment. */
  async function aRun(by = 'ann') {
    const { runId } = await orchestrator.start(order, { orderId: 'o-1' }, { actor: by });
    await orchestrator.drive(runId, 'waiting');
    return runId;
  }
  async function aPaidRun(by = 'ann') {
    const runId = await aRun(by);
    await orchestrator.signal(runId, paid, { amount: 3 });
    await orchestrator.drive(runId, 'waiting');
    return runId;
  }
  return { assistant, orchestrator, call, aRun, aPaidRun };
}

const toolsOf = (choices: Answer['choices']) => choices.map(({ tool }) => tool);

describe('an assistant', () => {
  it('finds the tools with schemas, and which of them only look', async () => {
    const { assistant } = await anAssistant();

    const { tools } = await assistant.listTools();

    const looking = tools.filter(({ annotations }) => annotations?.readOnlyHint === true);
    expect(looking.map(({ name }) => name).sort()).toEqual([
      'describe_workflow',
      'explain_run',
      'list_pauses',
      'list_reviews',
      'list_runs',
      'list_workflows',
      'show_history',
      'show_output',
      'show_review',
      'wait_for_run',
    ]);
    const decide = tools.find(({ name }) => name === 'decide_review');
    expect(decide?.inputSchema.required).toEqual(['runId', 'step', 'outcome', 'shownHash']);
    expect(decide?.inputSchema.properties?.['outcome']).toMatchObject({
      enum: ['approved', 'rejected'],
    });
  });

  it('sees workflows, starts a run under its own name, and finds it', async () => {
    const { call, orchestrator } = await anAssistant({ actor: 'helpful assistant' });

    const described = await call('describe_workflow', { workflow: 'order' });
    const { runId } = await call('start_run', {
      workflow: 'order',
      input: { orderId: 'o-1' },
      key: 'k',
    });
    const again = await call('start_run', {
      workflow: 'order',
      input: { orderId: 'o-1' },
      key: 'k',
    });

    expect(described['input']).toMatchObject({ required: ['orderId'] });
    expect(again).toEqual({ runId, created: false });
    expect(await orchestrator.get(runId)).toMatchObject({ actor: 'helpful assistant' });
    expect((await call('list_runs', { workflow: 'order' }))['runs']).toMatchObject([{ runId }]);
    expect(await call('start_run', { workflow: 'order', input: {} })).toMatchObject({
      refused: expect.stringContaining('INPUT_INVALID'),
    });
  });

  it('chooses among what the chart accepts now, and nothing else', async () => {
    const { call, aRun } = await anAssistant();
    const runId = await aRun();

    const { choices } = await call('explain_run', { runId });
    const unexpected = await call('send_signal', { runId, event: 'order.shipped', payload: {} });
    const sent = await call('send_signal', { runId, event: 'order.paid', payload: { amount: 3 } });
    const repeated = await call('send_signal', {
      runId,
      event: 'order.paid',
      payload: { amount: 3 },
    });

    expect(toolsOf(choices)).toEqual(['send_signal', 'pause_run', 'wait_for_run', 'cancel_run']);
    expect(unexpected.refused).toContain('it waits for order.paid');
    expect(sent).toEqual({ delivered: true });
    expect(repeated.refused).toContain('does not wait for "order.paid" now');
  });

  it('decides nothing it was not allowed to, and the review stays open', async () => {
    const { call, aPaidRun, orchestrator } = await anAssistant({
      mayDecide: ['refund', 'order/other'],
    });
    const runId = await aPaidRun();
    const { shownHash, whyAssistantMayNot } = await call('show_review', {
      runId,
      step: 'completion',
    });

    const answer = await call('decide_review', {
      runId,
      step: 'completion',
      outcome: 'approved',
      shownHash,
    });

    expect(answer.refused).toBe(whyAssistantMayNot);
    expect(answer.refused).toContain('--may-decide order/completion');
    expect((await orchestrator.get(runId)).waitingOn).toMatchObject([{ kind: 'review' }]);
  });

  it('decides what a policy lets it, as itself and bound to what it was shown', async () => {
    const { call, aPaidRun, orchestrator } = await anAssistant({ mayDecide: ['order/completion'] });
    const runId = await aPaidRun();
    const review = { runId, step: 'completion', outcome: 'approved' };
    const { shownHash } = await call('show_review', review);

    const stale = await call('decide_review', { ...review, shownHash: 'f'.repeat(64) });
    const decided = await call('decide_review', { ...review, shownHash, comment: 'fits' });

    expect(stale.refused).toBeDefined();
    expect(decided).toMatchObject({ isOpen: false });
    const history = await orchestrator.history(runId);
    expect(history.find(({ event }) => event === 'completion.decided')).toMatchObject({
      actor: 'assistant',
    });
  });

  it('E-05: never decides a run it has asked for, even where the workflow would let it', async () => {
    const { call, aPaidRun } = await anAssistant({ mayDecide: ['*'] });
    const runId = await aPaidRun('assistant');
    const { shownHash } = await call('show_review', { runId, step: 'completion' });

    const answer = await call('decide_review', {
      runId,
      step: 'completion',
      outcome: 'approved',
      shownHash,
    });

    expect(answer.refused).toContain('somebody else has to decide');
  });

  it('cancels only after it has seen what that would do, and only the run it has seen', async () => {
    const { call, aRun, orchestrator } = await anAssistant();
    const runId = await aRun();

    const first = await call('cancel_run', { runId, reason: 'by mistake' });
    await orchestrator.signal(runId, paid, { amount: 3 });
    await orchestrator.drive(runId, 'waiting');
    const stale = await call('cancel_run', {
      runId,
      reason: 'by mistake',
      confirm: first['confirm'],
    });
    expect([first['cancelled'], stale['cancelled']]).toEqual([false, false]);
    expect(first['would']).toMatchObject({ undoList: [] });
    const confirmed = await call('cancel_run', {
      runId,
      reason: 'by mistake',
      confirm: stale['confirm'],
    });

    expect(confirmed).toMatchObject({ status: 'cancelled' });
  });

  it('waits no longer than it says, and learns how the run stands', async () => {
    const { call, aRun } = await anAssistant();
    const runId = await aRun();

    const answer = await call('wait_for_run', { runId, until: 'finished', timeoutMs: 0 });

    expect(answer).toMatchObject({ reached: false, status: 'processing', runId });
    expect(answer.choices).toHaveLength(4);
  });

  it('pauses a run and lets it go on, as the choices say it can', async () => {
    const { call, aRun } = await anAssistant();
    const runId = await aRun();

    const paused = await call('pause_run', { runId, reason: 'looks wrong' });
    const whilePaused = toolsOf((await call('explain_run', { runId })).choices);
    const resumed = await call('resume_run', { runId });
    await call('send_signal', { runId, event: 'order.paid', payload: { amount: 3 } });
    const early = await call('retry_run', { runId, reason: 'again' });

    expect([paused['paused'], resumed['paused']]).toEqual([true, false]);
    expect(whilePaused).toContain('resume_run');
    expect(whilePaused).not.toContain('pause_run');
    expect(early.refused).toContain('does not accept "run.retried"');
  });

  it('retries a run that has failed, and sees what one that is complete has yielded', async () => {
    const { call, aPaidRun, orchestrator } = await anAssistant({ mayDecide: ['order'] });
    const runId = await aPaidRun();
    const by = { actor: 'bob' };
    await orchestrator.decide(runId, 'completion', { outcome: 'rejected', ...by });

    const { choices } = await call('explain_run', { runId });
    const retried = await call('retry_run', { runId, reason: 'bob has changed his mind' });
    await orchestrator.drive(runId, 'waiting');
    await orchestrator.decide(runId, 'completion', { outcome: 'approved', ...by });
    await orchestrator.drive(runId, 'finished');

    expect(toolsOf(choices)).toEqual(['retry_run']);
    expect(retried['status']).not.toBe('failed');
    expect(await call('show_output', { runId })).toMatchObject({
      status: 'complete',
      output: { orderId: 'o-1', amount: 3 },
    });
  });

  it('pauses a workflow or everything, and resumes only the pause it has been shown', async () => {
    const { call, aRun, orchestrator } = await anAssistant();
    const runId = await aRun();
    const everything = { everything: true, reason: 'the supplier is down' };

    const vague = await call('pause_runs', { reason: 'all?' });
    const held = await call('pause_runs', everything);
    const { choices } = await call('explain_run', { runId });
    const first = await call('resume_runs', everything);
    await orchestrator.resumeRuns('all', { actor: 'ann' });
    const over = await call('resume_runs', { ...everything, confirm: first['confirm'] });
    await orchestrator.pauseRuns('all', { actor: 'ann', reason: 'a second time' });
    const stale = await call('resume_runs', { ...everything, confirm: first['confirm'] });

    expect(vague.refused).toContain('Say which runs');
    expect(held).toMatchObject({ changed: true, pauses: [{ actor: 'assistant' }] });
    expect(choices).toContainEqual(expect.objectContaining({ tool: 'resume_runs' }));
    expect(first).toMatchObject({ changed: false, pause: { reason: 'the supplier is down' } });
    expect(over.refused).toContain('is not paused');
    expect(stale).toMatchObject({ changed: false, pause: { actor: 'ann' } });
    expect(await orchestrator.pauses()).toHaveLength(1);
    const confirmed = await call('resume_runs', { ...everything, confirm: stale['confirm'] });
    expect(confirmed).toMatchObject({ changed: true, pauses: [] });
  });

  it('does not resume a pause that somebody makes while it resumes another', async () => {
    const { call, orchestrator } = await anAssistant();
    const everything = { everything: true, reason: 'it is back' };
    await orchestrator.pauseRuns('all', { actor: 'bob', reason: 'the supplier is down' });
    const { confirm } = await call('resume_runs', everything);
    const look = orchestrator.pauses;
    vi.spyOn(orchestrator, 'pauses').mockImplementationOnce(async () => {
      const seen = await look();
      await orchestrator.resumeRuns('all', { actor: 'bob' });
      await orchestrator.pauseRuns('all', { actor: 'ann', reason: 'wrong rates' });
      return seen;
    });

    const answer = await call('resume_runs', { ...everything, confirm });

    expect(answer).toMatchObject({ changed: false, pauses: [{ reason: 'wrong rates' }] });
    expect(await orchestrator.pauses()).toHaveLength(1);
  });
});
