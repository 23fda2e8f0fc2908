import { existsSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createPrompt } from '../../src/cli/prompt.ts';
import { askDecision, type OpenReview } from '../../src/cli/review-dialog.ts';
import { payment, stall } from './machines/town/workflow.ts';
import { alert, incidentMachines, scriptProgram, useTown } from './support/signalbox.ts';

const town = useTown();
const nowMs = Date.UTC(2026, 0, 1);

/** A person at a terminal who gives these answers, one after the other, as they are asked for. */
async function answering(review: OpenReview, answers: readonly string[]) {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough(), { isTTY: true });
  const left = [...answers];
  let shown = '';
  output.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    const isQuestion = /[)\]:] ?$/.test(stripVTControlCharacters(shown));
    if (isQuestion && left.length > 0)
      input.write(`${left.shift()}
`);
  });
  if (answers.length === 0) input.end();
  const prompt = createPrompt({ input, output });
  const decision = await askDecision(prompt, review, 'ann', nowMs);
  prompt.close();
  return { decision, shown, left };
}

function reviewOf(workflow: typeof stall | typeof payment, step: string, shown: unknown) {
  const waiting = {
    kind: 'review',
    step,
    since: '2026-01-01T00:00:00Z',
    until: null,
    what: 'the decision of a person',
    afterwards: null,
    shown,
    shownHash: 'abc',
  } as OpenReview['waiting'];
  return { runId: 'r-1', workflow: workflow.name, waiting, plan: workflow.plan };
}

describe('a review put before a person', () => {
  const review = reviewOf(stall, 'permit', { wish: 'cheese\u001b[2J' });

  it('asks again until the answer is yes or no', async () => {
    const { decision, shown } = await answering(review, ['perhaps', '', 'NO']);

    expect(decision).toEqual({ outcome: 'rejected', actor: 'ann', shownHash: 'abc' });
    expect(shown.match(/Do you approve this action\? \(yes\/no\)/g)).toHaveLength(3);
    expect(shown).toContain('Please answer "yes" or "no".');
    expect(shown).toContain('wish  cheese\\u001b[2J');
  });

  it('asks for the required fields of the form, each until it fits', async () => {
    const answers = ['yes', 'huge', 'large', 'two', '2', 'maybe', 'no'];

    const { decision, left } = await answering(review, answers);

    expect(decision).toEqual({
      outcome: 'approved',
      actor: 'ann',
      shownHash: 'abc',
      form: { size: 'large', days: 2, fenced: false },
    });
    expect(left).toEqual([]);
  });

  it('asks whether an attempt in doubt took effect, and what it gave', async () => {
    const doubt = reviewOf(payment, 'transfer', null);

    const happened = await answering(doubt, ['yes', 'happened', '{', '{"receipt":"r"}']);
    const givenUp = await answering(doubt, ['give-up']);

    expect(happened.decision).toMatchObject({ outcome: 'happened', output: { receipt: 'r' } });
    expect(givenUp.decision).toMatchObject({ outcome: 'give_up' });
  });

  it('decides nothing if the input ends', async () => {
    const { decision } = await answering(review, []);

    expect(decision).toBeNull();
  });
});

describe.skipIf(!existsSync(scriptProgram))('on a terminal (needs script of util-linux)', () => {
  it('run --interactive asks for the approval, and asks again', async () => {
    const args = ['run', 'incident-response', '--input', alert, '--interactive'];
    const place = ['--machines', incidentMachines, '--store', 'sqlite:runs.db'];

    const { code, stdout } = await town.onTerminal([...args, ...place], ['perhaps', 'yes']);

    expect(code).toBe(0);
    expect(stdout).toContain('Likely sensor fault due to outdated firmware.');
    expect(stdout).toContain('Attempt remote firmware update to v2.2.1.');
    expect(stdout).toContain('Please answer "yes" or "no".');
    expect(stdout).toContain('Incident resolved automatically. Firmware updated to v2.2.1.');
  });

  it('review shows what is to be decided, and decides', async () => {
    const place = ['--machines', incidentMachines, '--store', 'lowdb:runs'];
    const started = await town.ask('run', 'incident-response', '--input', alert, ...place);
    const { runId } = started.document;

    const decided = await town.onTerminal(['review', runId, 'approval', ...place], ['no']);

    expect(decided.code).toBe(0);
    expect(decided.stdout).toContain('Incident escalated. Ticket: INC-12345');
  });
});
