/** What one event of a source of webhooks becomes. */
import { z } from 'zod';
import { type EventType, eventParts } from '../definition/event.ts';
import {
  anything,
  duration,
  functionOption,
  oneOf,
  parseOptions,
  zodSchema,
} from '../definition/options.ts';
import { partsOfSchema } from '../definition/schema-parts.ts';
import type { Duration } from '../definition/types.ts';
import type { Workflow } from '../definition/workflow.ts';
import { SignalboxError } from '../errors.ts';
import type { Json, JsonSchema } from '../plan/json.ts';
import type { Priority } from '../plan/plan.ts';
import { definitionInvalid } from '../plan/problem.ts';
import type { Contract, RunnableWorkflow } from '../ports/bindings.ts';
import { labelsOption, targetOf } from './target.ts';

/** What a mapping is told besides the payload. A repetition of the delivery says the same. */
export interface ReceivedWebhook {
  readonly source: string;
  /** The sender's, or made from the body where it gives none. */
  readonly deliveryId: string;
  readonly event: string | null;
  readonly receivedAtMs: number;
  /** Names in lower case; those the source keeps. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** A workflow of which a run is started, an event that is published, or one that is sent to one run. */
export type WebhookTargetOptions<P, I> =
  | { readonly workflow: Workflow<I, unknown>; readonly event?: never; readonly signal?: never }
  | { readonly event: EventType<I, unknown>; readonly workflow?: never; readonly signal?: never }
  | {
      readonly signal: EventType<I, unknown>;
      /** Id of the run it is for. */
      readonly run: (payload: P, received: ReceivedWebhook) => string;
      /** How long it is kept for a run that does not exist or does not expect it yet, at most 7d. Default: not at all. */
      readonly waitFor?: Duration;
      readonly workflow?: never;
      readonly event?: never;
    };

/** Which deliveries start a run or send an event, and with what. */
export type WebhookRuleOptions<S extends z.ZodType, I> = WebhookTargetOptions<z.output<S>, I> & {
  /** Schema of the body. What does not fit becomes a dead letter. */
  readonly payload: S;
  /** Input of the workflow, or payload of the event. The same delivery must give the same: it may be asked again after a crash. */
  readonly input: (payload: z.output<S>, received: ReceivedWebhook) => NoInfer<I>;
  /** Whether there is anything to do; `false`: the delivery is acknowledged and that is all. Default: always. */
  readonly when?: (payload: z.output<S>, received: ReceivedWebhook) => boolean;
  /** Deliveries of one key have one effect. Default: the id of the delivery. */
  readonly key?: (payload: z.output<S>, received: ReceivedWebhook) => string;
  /** Of the run. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly priority?: Priority;
};

export type WebhookTarget = {
  readonly kind: 'workflow' | 'event' | 'signal';
  readonly name: string;
};

/** What is to be done with a delivery. */
export type WebhookAction =
  | { readonly do: 'nothing' }
  | {
      readonly do: 'start' | 'publish';
      readonly name: string;
      readonly input: unknown;
      readonly key: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly priority: Priority;
    }
  | {
      readonly do: 'signal';
      readonly name: string;
      readonly input: unknown;
      readonly key: string;
      readonly runId: string;
      readonly waitForMs: number;
    };

/** What deliveries of one kind do, without its types; see `onWebhook`. */
export interface WebhookRule {
  readonly target: WebhookTarget;
  /** Of the payload. */
  readonly schema: JsonSchema;
  readonly sensitive: readonly (readonly string[])[];
  /** @throws SignalboxError `INPUT_INVALID` with `details.issues` if payload or input do not fit; whatever the mapping throws */
  actionOf(payload: Json, received: ReceivedWebhook): WebhookAction;
}

const rules = new WeakSet<object>();

export function isWebhookRule(value: unknown): value is WebhookRule {
  return typeof value === 'object' && value !== null && rules.has(value);
}

type Mapping<R> = (payload: unknown, received: ReceivedWebhook) => R;

const options = z.strictObject({
  payload: zodSchema,
  workflow: anything.optional(),
  event: anything.optional(),
  signal: anything.optional(),
  run: functionOption<Mapping<string>>().optional(),
  waitFor: duration.optional(),
  input: functionOption<Mapping<unknown>>(),
  when: functionOption<Mapping<boolean>>().optional(),
  key: functionOption<Mapping<string>>().optional(),
  labels: labelsOption.optional(),
  priority: oneOf('high', 'default', 'low').optional(),
});

const maxWaitMs = 7 * 24 * 60 * 60 * 1000;

/**
 * What an event of a webhook becomes: `{ payload, workflow, input }` starts a run, `{ payload, event, input }` publishes an event,
 * `{ payload, signal, run, input }` sends one to a run. The types of mapping and target are checked against each other.
 *
 * @throws SignalboxError `DEFINITION_INVALID`
 */
export function onWebhook<S extends z.ZodType, I>(
  definition: WebhookRuleOptions<S, I>,
): WebhookRule {
  const place = { trigger: 'onWebhook' };
  const given = parseOptions(place, options, definition);
  const { sensitive, input: schema } = partsOfSchema(place, given.payload);
  const { target, contract } = destinationOf(given);
  const { run } = given;
  if ((target.kind === 'signal') !== (run !== undefined)) {
    throw definitionInvalid(place, 'option "run" belongs to "signal", and "signal" needs it');
  }
  const waitForMs = given.waitFor ?? 0;
  if (waitForMs > maxWaitMs) throw definitionInvalid(place, 'option "waitFor" is more than "7d"');

  const rule: WebhookRule = {
    target,
    schema,
    sensitive,
    actionOf(raw, received) {
      const payload = parsedPayload(given.payload, raw);
      if (given.when?.(payload, received) === false) return { do: 'nothing' };
      const input = given.input(payload, received);
      checkInput(contract, input, target);
      const key = given.key?.(payload, received) ?? received.deliveryId;
      const common = { name: target.name, input, key: `webhook:${received.source}:${key}` };
      if (run !== undefined) {
        return { do: 'signal', ...common, runId: run(payload, received), waitForMs };
      }
      return {
        do: target.kind === 'workflow' ? 'start' : 'publish',
        ...common,
        labels: given.labels ?? {},
        priority: given.priority ?? 'default',
      };
    },
  };
  rules.add(rule);
  return Object.freeze(rule);
}

function destinationOf(given: z.output<typeof options>): {
  readonly target: WebhookTarget;
  readonly contract: Contract;
} {
  const { workflow, event, signal } = given;
  if (signal !== undefined && (workflow !== undefined || event !== undefined)) {
    throw definitionInvalid(
      { trigger: 'onWebhook' },
      'give it one of "workflow", "event" and "signal"',
    );
  }
  const target = targetOf('onWebhook', { workflow, event: event ?? signal });
  const contract =
    target.kind === 'workflow'
      ? (workflow as RunnableWorkflow).bindings.input
      : eventParts(event ?? signal)?.contract;
  if (contract === undefined)
    throw definitionInvalid({ trigger: 'onWebhook' }, 'its target has no schema');
  return { target: signal === undefined ? target : { ...target, kind: 'signal' }, contract };
}

function parsedPayload(schema: z.ZodType, raw: Json): unknown {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({
    path: path.map(String),
    message,
  }));
  throw unfit('The payload does not fit the schema of its event', issues);
}

function checkInput(contract: Contract, input: unknown, { kind, name }: WebhookTarget): void {
  const parsed = contract.parse(input);
  if (!parsed.ok)
    throw unfit(`What the mapping made does not fit ${kind} "${name}"`, parsed.issues);
}

function unfit(
  message: string,
  issues: readonly { readonly path: readonly (string | number)[]; readonly message: string }[],
): SignalboxError {
  const [first] = issues;
  const where =
    first === undefined
      ? ''
      : `: ${[first.path.join('.'), first.message].filter(Boolean).join(': ')}`;
  return new SignalboxError('INPUT_INVALID', `${message}${where}`, {
    details: { issues: issues.slice(0, 20) },
  });
}
