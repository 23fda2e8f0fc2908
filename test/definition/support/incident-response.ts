import { z } from 'zod';
import { defineTask, defineWorkflow } from '../../../src/definition/index.ts';

export const Alert = z.object({ device: z.string(), level: z.enum(['warning', 'critical']) });
const History = z.object({ incidents: z.number() });
const Diagnosis = z.object({ summary: z.string(), action: z.string() });

export const ingestAlert = defineTask({
  name: 'ingest',
  input: Alert,
  output: Alert,
  compensate: 'none',
  run: async ({ input }) => input,
});

export const enrichWithDevice = defineTask({
  name: 'enrich',
  input: Alert,
  output: z.object({ alert: Alert, history: History }),
  compensate: 'none',
  run: async ({ input }) => ({ alert: input, history: { incidents: 2 } }),
});

export const diagnose = defineTask({
  name: 'diagnose',
  input: z.object({ alert: Alert, history: History }),
  output: Diagnosis,
  retry: {
    maxAttempts: 5,
    backoff: { kind: 'exponential', initial: '1s', factor: 2, max: '60s', jitter: 'full' },
  },
  timeout: '30s',
  breaker: { name: 'diagnosis-model', failureThreshold: 3, resetAfter: '60s' },
  compensate: 'none',
  repeat: 'safe',
  run: async ({ input }) => ({ summary: `${input.alert.device} is hot`, action: 'restart' }),
});

export const applyFix = defineTask({
  name: 'apply-fix',
  input: Diagnosis,
  output: z.object({ fixId: z.string() }),
  compensate: async () => {},
  run: async ({ idempotencyKey }) => ({ fixId: idempotencyKey }),
});

export const pageEngineer = defineTask({
  name: 'page-engineer',
  input: Diagnosis,
  output: z.object({ ticket: z.string() }),
  compensate: 'irreversible',
  run: async () => ({ ticket: 'T-1' }),
});

export const writeReport = defineTask({
  name: 'write-report',
  input: z.object({
    fix: z.object({ fixId: z.string() }).optional(),
    ticket: z.object({ ticket: z.string() }).optional(),
  }),
  output: z.string(),
  compensate: 'none',
  run: async ({ input }) => input.fix?.fixId ?? input.ticket?.ticket ?? 'nothing',
});

export const ApprovalForm = z.strictObject({ reason: z.string() });

export const incidentResponse = defineWorkflow({
  name: 'incident-response',
  version: 1,
  input: Alert,
  steps(w) {
    const alert = w.task('ingest', ingestAlert, { input: w.input });
    const enriched = w.task('enrich', enrichWithDevice, { input: alert });
    const diagnosis = w.task('diagnosis', diagnose, { input: enriched });
    const approval = w.review('approval', {
      show: diagnosis,
      form: ApprovalForm,
      expires: '24h',
      onExpired: 'reject',
    });
    const approved = w.is(approval, 'approved', (review) => review.outcome === 'approved', {
      otherwise: 'Action was not approved.',
    });
    const fix = w.task('automated_fix', applyFix, { input: diagnosis, when: approved });
    const ticket = w.task('escalate', pageEngineer, {
      input: diagnosis,
      when: w.not(approved, { otherwise: 'Escalation not required.' }),
    });
    return w.task('report', writeReport, { input: { fix, ticket } });
  },
});
