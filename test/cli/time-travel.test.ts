import { describe, expect, it } from 'vitest';
import { alert, incidentMachines, useTown } from './support/signalbox.ts';

const town = useTown();
const machines = ['--machines', incidentMachines];

describe.each(['lowdb:runs', 'sqlite:runs.db'])('looking back and forking on %s', (place) => {
  const store = ['--store', place];

  it('shows a past moment, previews a fork, makes it, and leaves the original alone', async () => {
    const begun = await town.ask(
      'run',
      'incident-response',
      '--input',
      alert,
      ...machines,
      ...store,
    );
    const runId = String(begun.document.runId);
    const history = await town.ask('history', runId, ...machines, ...store);
    const entries: { seq: number; event: string }[] = history.document.entries;
    const at = String(entries.find(({ event }) => event === 'enrich.completed')?.seq);

    const past = await town.ask('show', runId, '--at', at, ...machines, ...store);
    const text = await town.run('show', runId, '--at', at, ...machines, ...store);
    const preview = await town.ask('fork', runId, '--at', at, '--dry-run', ...machines, ...store);
    const made = await town.ask(
      'fork',
      runId,
      '--at',
      at,
      '--reason',
      'again',
      ...machines,
      ...store,
    );
    const shown = await town.run('show', made.document.runId, ...machines, ...store);
    const after = await town.ask('history', runId, ...machines, ...store);

    expect(past.document).toMatchObject({
      event: 'enrich.completed',
      waitingOn: [{ kind: 'attempt', step: 'diagnosis' }],
      settled: [{ step: 'ingest' }, { step: 'enrich' }],
    });
    expect(text.stdout).toContain('Settled by then\n  ingest\n  enrich\n');
    expect(preview.document).toMatchObject({
      runId: null,
      again: [{ step: 'diagnosis' }, { step: 'approval' }],
    });
    expect(made.document).toMatchObject({ status: 'processing', fork: { forkedFrom: { runId } } });
    expect(shown.stdout).toContain(`forked from  ${runId}, entry ${at}`);
    expect(after.document).toEqual(history.document);
  });
});
