import { z } from 'zod';
import { defineTask } from '../../src/index.ts';
import { countEvent, kinds, remove, write } from './records.ts';

/** Whatever was sent. */
export const RawEvent = z.record(z.string(), z.json());

const Kind = z.enum(kinds);
const Event = z.object({
  id: z.string().min(1).max(200),
  type: z.string().min(1).max(200),
  data: z.record(z.string(), z.json()),
});
const KnownEvent = Event.extend({ kind: Kind });
const Result = z.object({ success: z.boolean(), message: z.string() });
const Row = z.object({ key: z.string().describe('The row in the database') });

export const validateEventFormat = defineTask({
  name: 'validate_event_format',
  description: 'An event has an id, a type and data; its type is one of those known, or unknown.',
  input: RawEvent,
  output: z.discriminatedUnion('valid', [
    z.object({ valid: z.literal(true), event: KnownEvent }),
    z.object({ valid: z.literal(false), error: z.string() }),
  ]),
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    const parsed = Event.safeParse(input);
    if (!parsed.success) {
      const problems = parsed.error.issues.map(
        ({ path, message }) => `${path.join('.')}: ${message}`,
      );
      return { valid: false, error: problems.join('; ') };
    }
    const kind = Kind.safeParse(parsed.data.type);
    return { valid: true, event: { ...parsed.data, kind: kind.success ? kind.data : 'unknown' } };
  },
});

/** A task that keeps events of one kind; data that does not fit is an outcome, not a failure. */
function processing<D extends z.ZodType<Record<string, z.infer<z.ZodJSONSchema>>>>(definition: {
  name: string;
  description: string;
  table: string;
  data: D;
  says: (data: z.output<D>) => string;
}) {
  const { name, description, table, data, says } = definition;
  return defineTask({
    name,
    description,
    input: KnownEvent,
    output: Result.extend({ key: z.string() }),
    timeout: '10s',
    async run({ input, idempotencyKey: key }) {
      const parsed = data.safeParse(input.data);
      if (!parsed.success) {
        const fields = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
        return { success: false, message: `The data of the event do not fit: ${fields}`, key };
      }
      write(table, key, { event_id: input.id, ...parsed.data });
      return { success: true, message: says(parsed.data), key };
    },
    async compensate({ output }) {
      remove(table, output.key);
    },
  });
}

const Words = z.string().min(1).max(500);

export const processUserAction = processing({
  name: 'process_user_action',
  description: 'Keeps what a user has done.',
  table: 'actions',
  data: z.object({ user: Words, action: Words }),
  says: ({ user, action }) => `${user}: ${action}`,
});

export const processSystemAlert = processing({
  name: 'process_system_alert',
  description: 'Puts an alert on the list of those on duty.',
  table: 'alerts',
  data: z.object({ severity: z.enum(['info', 'warning', 'critical']), message: Words }),
  says: ({ severity, message }) => `${severity}: ${message}`,
});

export const processBusinessEvent = processing({
  name: 'process_business_event',
  description: 'Books a business event.',
  table: 'bookings',
  data: z.object({ name: Words, amount: z.number() }),
  says: ({ name, amount }) => `${name}: ${amount}`,
});

export const processUnknownEvent = defineTask({
  name: 'process_unknown_event',
  description: 'Sets an event of an unknown type aside.',
  input: KnownEvent,
  output: Result.extend({ key: z.string() }),
  timeout: '10s',
  async run({ input, idempotencyKey: key, log }) {
    write('set_aside', key, { event_id: input.id, type: input.type, data: input.data });
    log.warn({ eventId: input.id, type: input.type }, 'event of an unknown type');
    return { success: false, message: `Events of type "${input.type}" are unknown`, key };
  },
  async compensate({ output }) {
    remove('set_aside', output.key);
  },
});

export const logEventProcessing = defineTask({
  name: 'log_event_processing',
  description: 'Enters in the log what became of the event; undone by taking the entry out.',
  input: z.object({ event: KnownEvent, result: Result }),
  output: Row,
  timeout: '10s',
  async run({ input: { event, result }, idempotencyKey: key }) {
    const { success, message } = result;
    write('log', key, { event_id: event.id, event_type: event.type, success, message });
    return { key };
  },
  async compensate({ output }) {
    remove('log', output.key);
  },
});

export const updateMetrics = defineTask({
  name: 'update_metrics',
  description: 'Counts the event by type and outcome; undone by not counting it.',
  input: z.object({ type: Kind, success: z.boolean() }),
  output: Row,
  timeout: '10s',
  async run({ input, idempotencyKey: key }) {
    countEvent(key, input);
    return { key };
  },
  async compensate({ output }) {
    remove('metrics', output.key);
  },
});
