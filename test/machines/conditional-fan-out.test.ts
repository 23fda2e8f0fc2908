import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createBackup, sendNotifications } from '../../machines/conditional-fan-out/tasks.ts';
import { conditionalFanOut } from '../../machines/conditional-fan-out/workflow.ts';
import { createLedger } from '../../machines/ledger.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { callTask, undoTask } from '../support/call-task.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { entryOf, eventsOf, openBench } from '../support/engine-bench.ts';
import { printWalk } from './support/print-walk.ts';
import {
  closedByPolicy,
  neverTimedOut,
  nothingThrows,
  undoneAtOnce,
} from './support/unreachable.ts';

const dataDirectory = useDataDirectory();
const input = [20.5, 19.5, 21, 23, 36];
const core = { readings: [19.5, 20.5, 21, 23, 36], count: 5, mean: 24 };

describe('conditional fan-out', () => {
  it.each([
    [{}, ['core']],
    [{ enable_analytics: true }, ['core', 'analytics']],
    [{ enable_notifications: true }, ['core', 'notifications']],
    [{ enable_backup: true }, ['core', 'backup']],
    [{ enable_analytics: true, enable_backup: true }, ['core', 'analytics', 'backup']],
    [
      { enable_analytics: true, enable_notifications: true, enable_backup: true },
      ['core', 'analytics', 'notifications', 'backup'],
    ],
  ])('M112: %o gives results keyed %j', async (enabled, keys) => {
    const { output } = await anEnd(enabled);

    expect(Object.keys(output)).toEqual(keys);
    expect(output.core).toEqual(core);
  });

  it('M112: does the enabled tasks side by side, after the core', async () => {
    const { engine, runId, output } = await anEnd({
      enable_analytics: true,
      enable_notifications: true,
    });

    expect(output.analytics).toMatchObject({ median: 21, p95: 36 });
    expect(output.analytics?.deviation).toBeCloseTo(6.107, 3);
    expect(await eventsOf(engine, runId)).not.toContain('backup.completed');
    expect((await entryOf(engine, runId, 'backup.skipped')).data).toMatchObject({
      reason: 'A backup is not enabled.',
    });
    // Both had begun before either ended: one state of the chart holds them.
    const view = await engine.at(runId, (await entryOf(engine, runId, 'core.completed')).seq);
    expect(JSON.stringify(view.state)).toMatch(/analytics.*running.*notifications.*running/);
  });

  it('writes a backup that can be read again, once, and deletes it when it is undone', async () => {
    const output = await callTask(createBackup, core);
    expect(await callTask(createBackup, core, { attempt: 2 })).toEqual(output);
    const path = join(dataDirectory(), 'conditional-fan-out', 'backups', output.file);
    expect(JSON.parse(gunzipSync(await readFile(path)).toString())).toEqual(core.readings);

    await undoTask(createBackup, { input: core, output });
    await undoTask(createBackup, { input: core, output });

    expect(existsSync(path)).toBe(false);
  });

  it('withdraws the notice when it is undone', async () => {
    const output = await callTask(sendNotifications, core);

    await undoTask(sendNotifications, { input: core, output });

    const notices = createLedger('conditional-fan-out', 'notices');
    expect(await notices.read(output.notice_id)).toMatchObject({ status: 'undone' });
  });
});

describeWorkflow(conditionalFanOut, {
  unreachable: { ...undoneAtOnce, ...nothingThrows, ...neverTimedOut, ...closedByPolicy },
  onDone: printWalk,
});
describeCrashes(conditionalFanOut, sampled(40));
describeCrashes(conditionalFanOut, { stores: ['lowdb'], ...sampled(12) });

async function anEnd(enabled: Record<string, boolean>) {
  const { engine } = await openBench({ workflows: [conditionalFanOut] });
  const { runId, result } = await engine.start(conditionalFanOut, { input, ...enabled });
  return { engine, runId, output: await result() };
}
