/** Small workflows for the tests of the command: one for every way a run can wait, fail or be asked about. */
import { appendFile, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import {
  defineEvent,
  defineTask,
  defineWorkflow,
  OutcomeUnknownError,
  PermanentError,
  TransientError,
} from '../../../../src/index.ts';

const Nothing = z.object({});
/** Where the tasks write what they did, a word a line. */
const Place = z.object({ file: z.string() });

async function countedDeed(file: string, deed: string): Promise<number> {
  await appendFile(file, `${deed}\n`);
  return (await readFile(file, 'utf8')).split('\n').filter((line) => line === deed).length;
}

const callTwice = defineTask({
  name: 'call_twice',
  input: Place,
  output: z.object({ calls: z.number() }),
  retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '50ms', jitter: 'none' } },
  compensate: 'none',
  async run({ input }) {
    const calls = await countedDeed(input.file, 'call');
    if (calls === 1) throw new TransientError('The line is engaged');
    return { calls };
  },
});

/** Succeeds at the second attempt. */
export const phone = defineWorkflow({
  name: 'phone',
  version: 1,
  input: Place,
  steps: (w) => w.task('call', callTwice, { input: w.input }),
});

const book = defineTask({
  name: 'book',
  input: Place,
  async compensate({ input }) {
    await countedDeed(input.file, 'unbook');
  },
  async run({ input }) {
    await countedDeed(input.file, 'book');
  },
});
const print = defineTask({
  name: 'print',
  input: Place,
  compensate: 'irreversible',
  async run({ input }) {
    await countedDeed(input.file, 'print');
  },
});
const pay = defineTask({
  name: 'pay',
  input: Nothing,
  compensate: 'none',
  async run() {
    throw new PermanentError('The card \u001b[31mwas refused');
  },
});

/** Fails; everything is undone. */
export const trip = defineWorkflow({
  name: 'trip',
  version: 1,
  input: Place,
  steps(w) {
    const booked = w.task('book', book, { input: w.input });
    return w.task('pay', pay, { input: {}, after: [booked] });
  },
});

/** Fails; something cannot be undone. */
export const poster = defineWorkflow({
  name: 'poster',
  version: 1,
  input: Place,
  steps(w) {
    const printed = w.task('print', print, { input: w.input });
    return w.task('pay', pay, { input: {}, after: [printed] });
  },
});

const parcelArrived = defineEvent({
  name: 'parcel.arrived',
  payload: z.object({ grams: z.number() }),
});

/** Waits for an event. */
export const delivery = defineWorkflow({
  name: 'delivery',
  version: 1,
  input: Nothing,
  steps: (w) => w.waitFor('parcel', parcelArrived),
});

const transfer = defineTask({
  name: 'transfer',
  input: Place,
  output: z.object({ receipt: z.string() }),
  repeat: 'unsafe',
  compensate: 'none',
  async run({ input }) {
    const transfers = await countedDeed(input.file, 'transfer');
    if (transfers === 1) throw new OutcomeUnknownError('The answer was lost');
    return { receipt: `r-${transfers}` };
  },
});

/** Does not know at first whether it has paid. */
export const payment = defineWorkflow({
  name: 'payment',
  version: 1,
  input: Place,
  steps: (w) => w.task('transfer', transfer, { input: w.input }),
});

const Permit = z.object({
  size: z.enum(['small', 'large']).describe('Of the stall'),
  days: z.int().min(1),
  fenced: z.boolean(),
  note: z.string().default(''),
});

/** A review with a form that has to be filled in. */
export const stall = defineWorkflow({
  name: 'stall',
  version: 1,
  input: z.object({ wish: z.string() }),
  steps(w) {
    const permit = w.review('permit', {
      description: 'A stall on the market',
      show: w.input,
      form: Permit,
    });
    return w.derive('answer', permit, (review) => ({
      outcome: review.outcome,
      form: review.outcome === 'approved' ? review.form : null,
    }));
  },
});

/** Sleeps for a moment. */
export const nap = defineWorkflow({
  name: 'nap',
  version: 1,
  input: z.object({ ms: z.number() }),
  steps: (w) => w.sleep('rest', { for: w.input.$.ms }),
});

const digUp = defineTask({
  name: 'dig_up',
  input: Place,
  compensate: 'none',
  async run({ input, signal }) {
    await countedDeed(input.file, 'dig');
    await sleep(60_000, undefined, { signal });
  },
});

/** Works for a minute. */
export const roadworks = defineWorkflow({
  name: 'roadworks',
  version: 1,
  input: Place,
  steps: (w) => w.task('dig', digUp, { input: w.input }),
});

const cut = defineTask({
  name: 'cut',
  input: Nothing,
  output: z.object({ number: z.string(), code: z.string().meta({ sensitive: true }) }),
  compensate: 'none',
  async run() {
    return { number: '7', code: 'mellon' };
  },
});

/** Yields a secret. */
export const key = defineWorkflow({
  name: 'key',
  version: 1,
  input: Nothing,
  steps: (w) => w.task('cut', cut, { input: {} }),
});
