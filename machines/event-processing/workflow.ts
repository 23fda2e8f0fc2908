import { defineWorkflow } from '../../src/index.ts';
import {
  logEventProcessing,
  processBusinessEvent,
  processSystemAlert,
  processUnknownEvent,
  processUserAction,
  RawEvent,
  updateMetrics,
  validateEventFormat,
} from './tasks.ts';

export const eventProcessing = defineWorkflow({
  name: 'event-processing',
  version: 1,
  description: 'An event is processed by its type, logged, and counted by type and outcome.',
  input: RawEvent,
  // Faster, and safe here: a sender repeats what a loss of power took, and nothing is done twice under one key.
  durability: 'fast',
  steps(w) {
    const validation = w.task('validate_event_format', validateEventFormat, { input: w.input });
    return w.choose('format', validation, 'valid', {
      true: (valid) => {
        const { event } = valid.$;
        const result = w.choose('type', event, 'kind', {
          user_action: () => w.task('user_action', processUserAction, { input: event }),
          system_alert: () => w.task('system_alert', processSystemAlert, { input: event }),
          business_event: () => w.task('business_event', processBusinessEvent, { input: event }),
          unknown: () => w.task('unknown', processUnknownEvent, { input: event }),
        });
        const logged = w.task('log_event_processing', logEventProcessing, {
          input: { event, result },
        });
        w.task('update_metrics', updateMetrics, {
          input: { type: event.$.kind, success: result.$.success },
          after: [logged],
        });
        return w.derive(
          'processed',
          { event, result },
          ({ event: { id, type }, result: { success, message } }) => ({
            event_id: id,
            event_type: type,
            processed: success,
            result: { success, message },
          }),
        );
      },
      false: (invalid) =>
        w.derive('refused', invalid.$.error, (error) => ({ processed: false, error })),
    });
  },
});
