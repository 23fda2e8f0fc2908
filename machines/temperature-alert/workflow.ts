import { type Builder, defineWorkflow } from '../../src/index.ts';
import {
  analyseReport,
  ingestReport,
  logAnalysis,
  openFailureTicket,
  Report,
  sendAlert,
} from './tasks.ts';

/** Four tasks: two in a row, and two that need the same and run side by side. */
function steps(w: Builder<Report>) {
  const ingested = w.task('ingest', ingestReport, { input: w.input });
  const analysis = w.task('analyze', analyseReport, { input: ingested });
  const critical = w.is(analysis.$.severity, 'critical', (severity) => severity === 'Critical', {
    otherwise: 'Nothing to alert about.',
  });
  const alert = w.task('alert', sendAlert, { input: analysis, when: critical });
  const logged = w.task('log', logAnalysis, { input: analysis });
  return w.finish({ analysis, alert, logged }, { approve: 'automatic' });
}

/** Stops at a failure: what is done stays done, and a retry goes on from there. */
export const temperatureAlert = defineWorkflow({
  name: 'temperature-alert',
  version: 1,
  description: 'A temperature report is analysed, logged, and alerted about if it is too high.',
  owner: 'Operations',
  input: Report,
  onFailure: 'keep',
  steps,
});

/** The same, but a failure is undone and handed to people. */
export const supervisedTemperatureAlert = defineWorkflow({
  name: 'supervised-temperature-alert',
  version: 1,
  description: 'The temperature alert, with a ticket for every report that cannot be processed.',
  owner: 'Operations',
  input: Report,
  onFailure: 'compensate',
  onFailed: openFailureTicket,
  steps,
});
