import { describe, expect, it } from 'vitest';
import { alert, incidentMachines, useTown } from './support/signalbox.ts';

const town = useTown();

describe.each(['sqlite:runs.db', 'lowdb:runs'])('an incident on %s', (store) => {
  const place = ['--store', store, '--machines', incidentMachines];

  it('waits for its approval in one process and is resolved by another', async () => {
    const started = await town.ask('run', 'incident-response', '--input', alert, ...place);
    const { runId } = started.document;
    const approved = await town.ask(
      'review',
      runId,
      'approval',
      '--approve',
      '--actor',
      'ann',
      ...place,
    );

    expect(started).toMatchObject({
      code: 0,
      stderr: '',
      document: {
        status: 'processing',
        waitingOn: [
          {
            kind: 'review',
            step: 'approval',
            shown: { action: 'Attempt remote firmware update to v2.2.1.' },
          },
        ],
        output: null,
      },
    });
    expect(approved).toMatchObject({
      code: 0,
      stderr: '',
      document: {
        runId,
        status: 'complete',
        waitingOn: [],
        output: {
          final_summary: 'Incident resolved automatically. Firmware updated to v2.2.1.',
        },
      },
    });
  });

  it('is escalated when it is rejected', async () => {
    const started = await town.run('run', 'incident-response', '--input', alert, ...place);
    const [, runId = ''] = /^Run (\S+)/.exec(started.stdout) ?? [];
    const rejected = await town.ask('review', runId, 'approval', '--reject', ...place);

    expect(started.stdout).toContain(
      `npx signalbox review ${runId} approval --approve --store ${store} --machines ${incidentMachines}`,
    );
    expect(rejected.code).toBe(0);
    expect(rejected.document.output).toEqual({
      final_summary: 'Incident escalated. Ticket: INC-12345',
    });
  });
});
