import { describe, expect, it } from 'vitest';
import { incidentMachines, useTown } from './support/signalbox.ts';

const town = useTown();

describe('signalbox paths', () => {
  it('lists every path, and why a transition is on none', async () => {
    const { code, stdout } = await town.run(
      'paths',
      'incident-response',
      '--machines',
      incidentMachines,
    );

    expect(code).toBe(0);
    expect(stdout).toMatch(/\d+ paths with \d+ events take \d+ of \d+ transitions/);
    expect(stdout).toContain(
      'approval.decided (rejected) → notify_operators.completed → escalate.completed → report.completed → complete',
    );
    expect(stdout).toContain('processing.working run.timed_out: the workflow has no time limit');
  });

  it('gives them as one document, with what each event takes', async () => {
    const { document } = await town.ask('paths', 'phone', '--coverage', 'paths');

    expect(document).toMatchObject({ workflow: 'phone', coverage: 'paths' });
    expect(document.paths[0]).toMatchObject({ id: '1', end: 'complete' });
    expect(document.paths[0].events[0]).toMatchObject({
      type: 'run.started',
      status: 'processing',
    });
  });

  it('knows which workflows there are', async () => {
    const { code, document } = await town.ask('paths', 'market');

    expect({ code, document }).toMatchObject({
      code: 1,
      document: { error: { code: 'WORKFLOW_UNKNOWN' } },
    });
  });
});
