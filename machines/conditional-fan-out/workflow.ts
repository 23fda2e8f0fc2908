import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import {
  coreProcessing,
  createBackup,
  Readings,
  runAnalytics,
  sendNotifications,
} from './tasks.ts';

export const conditionalFanOut = defineWorkflow({
  name: 'conditional-fan-out',
  version: 1,
  description:
    'Always does the core work; analytics, notifications and a backup follow side by side, each only if it is enabled.',
  input: z.object({
    input: Readings,
    enable_analytics: z.boolean().default(false),
    enable_notifications: z.boolean().default(false),
    enable_backup: z.boolean().default(false),
  }),
  steps(w) {
    const { input, enable_analytics, enable_notifications, enable_backup } = w.input.$;
    const core = w.task('core', coreProcessing, { input });

    const analytics = w.task('analytics', runAnalytics, {
      input: core,
      when: w.is(enable_analytics, 'analytics enabled', (enabled) => enabled, {
        otherwise: 'Analytics are not enabled.',
      }),
    });
    const notifications = w.task('notifications', sendNotifications, {
      input: core,
      when: w.is(enable_notifications, 'notifications enabled', (enabled) => enabled, {
        otherwise: 'Notifications are not enabled.',
      }),
    });
    const backup = w.task('backup', createBackup, {
      input: core,
      when: w.is(enable_backup, 'backup enabled', (enabled) => enabled, {
        otherwise: 'A backup is not enabled.',
      }),
    });

    // What was skipped has no key in the output.
    return w.finish({ core, analytics, notifications, backup }, { approve: 'automatic' });
  },
});
