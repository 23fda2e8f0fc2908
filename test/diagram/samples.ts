import { z } from 'zod';
import { defineEvent, defineTask, defineWorkflow } from '../../src/index.ts';

const Order = z.object({ id: z.string(), cents: z.number(), lines: z.array(z.string()) });
const Done = z.object({ ok: z.boolean(), kind: z.enum(['card', 'invoice', 'voucher']) });

function task(name: string, compensate: 'none' | 'irreversible' | (() => Promise<void>) = 'none') {
  return defineTask({
    name,
    input: z.unknown(),
    output: Done,
    compensate,
    run: () => Promise.resolve({ ok: true, kind: 'card' as const }),
  });
}

const undo = () => Promise.resolve();
const placed = defineEvent({ name: 'order.placed', payload: Order });
const paid = defineEvent({ name: 'order.paid', payload: z.object({ id: z.string() }) });

const shipping = defineWorkflow({
  name: 'shipping',
  version: 3,
  input: z.unknown(),
  steps: (w) => w.task('ship', task('ship'), { input: w.input }),
});

/** Every kind of step, every mark, every kind of condition. */
export const everything = defineWorkflow({
  name: 'everything',
  version: 2,
  input: Order,
  startOn: [placed],
  steps(w) {
    const large = w.is(w.input, 'above 1000', (order) => order.cents > 100_000);
    const reserved = w.task('reserve', task('reserve_stock', undo), { input: w.input });
    const checked = w.review('check', {
      when: large,
      approve: w.is(reserved, 'all in stock', (done) => done.ok),
      expires: '2d',
    });
    const payment = w.waitFor('payment', paid, { within: '24h', after: [checked] });
    w.fail('refuse', 'The order is too large for what is known about the customer', {
      when: w.not(large),
      after: [reserved],
    });
    const charged = w.task('charge', task('charge', 'irreversible'), {
      input: payment,
      fallback: task('charge_by_invoice'),
    });
    const result = w.choose('method', charged, 'kind', {
      card: () => w.task('receipt', task('receipt'), { input: charged }),
      invoice: () => {
        w.sleep('grace', { for: '30d', after: [charged] });
        return w.task('remind', task('remind'), { input: charged, after: ['grace'] });
      },
      voucher: () => w.child('deliver', shipping, { input: charged }),
    });
    const packed = w.map('pack', w.input.$.lines, { batch: 20, concurrency: 4 }, (line) =>
      w.task('wrap', task('wrap_parcel', undo), { input: line }),
    );
    w.emit('announce', paid, { payload: { id: w.input.$.id }, after: [result, packed] });
    return w.finish({ result, packed }, { approve: 'person', expires: '24h' });
  },
});

export const fork = defineWorkflow({
  name: 'fork',
  version: 1,
  input: Order,
  steps(w) {
    const ready = w.task('prepare', task('prepare'), { input: w.input });
    const left = w.task('left', task('left'), { input: ready });
    const middle = w.task('middle', task('middle'), { input: ready });
    const right = w.task('right', task('right'), { input: middle });
    return w.task('join', task('join'), { input: { left, middle, right } });
  },
});

/** Labels by an author who means no good. */
const evil = "\"</text><script>alert(1)</script>\n  x --> y\u0000\u0008 #lt; `& 'onload='";
export const hostile = defineWorkflow({
  name: 'hostile',
  version: 1,
  input: Order,
  steps(w) {
    const ready = w.task('ready', task('ready'), { input: w.input });
    w.fail('refuse', evil, { when: w.is(ready, evil, (done) => !done.ok) });
    return ready;
  },
});
