import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { SignalboxError } from '../../src/errors.ts';
import { createAudit } from '../../src/service/audit/audit.ts';
import { createRefusals } from '../../src/service/identity/refusals.ts';

const kim = { name: 'kim' };
const clock = { nowMs: () => 1_700_000_000_000 };

describe('the audit log', () => {
  it('keeps entries in a chain, however many write at once and from however many processes', async () => {
    const store = createMemoryStore();
    const [one, other] = [createAudit({ store, clock }), createAudit({ store, clock })];

    await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        (index % 2 === 0 ? one : other).record(kim, 'token.created', `token/${index}`),
      ),
    );

    const entries = await one.read({ order: 'ascending', limit: 1_000 });
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    expect(await one.verify()).toMatchObject({ entries: 300, fault: null });
  });

  it('shows that an entry was changed, left out, or cut off at the end', async () => {
    const changed = await aLog(5);
    const [third] = await changed.store.records('audit', { prefix: key(3), limit: 1 });
    await changed.store.saveRecords([
      {
        collection: 'audit',
        key: key(3),
        expectedRevision: 1,
        value: { ...third?.value, actor: 'lee' },
      },
    ]);
    const without = await aLog(5);
    await without.store.saveRecords([
      { collection: 'audit', key: key(3), expectedRevision: 1, value: null },
    ]);
    const cut = await aLog(5);
    await cut.store.saveRecords([
      { collection: 'audit', key: key(5), expectedRevision: 1, value: null },
    ]);

    expect(await changed.audit.verify()).toMatchObject({
      entries: 2,
      fault: { seq: 3, reason: 'it was changed after it was written' },
    });
    expect(await without.audit.verify()).toMatchObject({ entries: 2, fault: { seq: 3 } });
    expect(await cut.audit.verify()).toMatchObject({ entries: 4, fault: { seq: 5 } });
  });

  it('counts refused calls beyond the first of a minute instead of keeping them', async () => {
    const store = createMemoryStore();
    let nowMs = 0;
    const audit = createAudit({ store, clock });
    const refusals = createRefusals({ audit, clock: { nowMs: () => nowMs } });
    const call = {
      actor: 'anonymous',
      method: 'GET',
      path: '/api/v1/runs',
      ip: '192.0.2.7',
      error: new SignalboxError('UNAUTHENTICATED', 'Nobody has signed in'),
    };

    for (let count = 0; count < 100; count += 1) await refusals.note(call);
    nowMs = 60_000;
    await refusals.note(call);

    const entries = await audit.read({ order: 'ascending', limit: 1_000 });
    expect(entries).toHaveLength(22);
    expect(entries[20]).toMatchObject({ details: { omitted: 80 }, outcome: 'refused' });
  });
});

const key = (seq: number) => String(seq).padStart(16, '0');

async function aLog(length: number) {
  const store = createMemoryStore();
  const audit = createAudit({ store, clock });
  for (let seq = 1; seq <= length; seq += 1)
    await audit.record(kim, 'token.created', `token/${seq}`);
  return { store, audit };
}
