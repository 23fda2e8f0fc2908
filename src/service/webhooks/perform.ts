/** Does what a delivery asks for, and says what became of it. */
import { SignalboxError } from '../../errors.ts';
import type { Orchestrator } from '../../orchestrator.ts';
import { textOf } from '../../plan/json-value.ts';
import type { ReceivedWebhook, WebhookAction, WebhookRule } from '../../triggers/webhook-rule.ts';
import type { Origin } from './origins.ts';
import { type StoredArrival, type StoredProblem, sha256 } from './stored.ts';

export type Outcome =
  | { readonly status: 'done'; readonly rule: WebhookRule; readonly runId: string | null }
  | { readonly status: 'ignored'; readonly rule: WebhookRule }
  | { readonly status: 'dead'; readonly rule: WebhookRule | null; readonly problem: StoredProblem }
  /** Not now: the store cannot be used, or the run is not there yet. */
  | { readonly status: 'later'; readonly problem: StoredProblem };

type Runner = Pick<Orchestrator, 'start' | 'publish' | 'signal'>;

/** They pass by themselves. */
const passing: ReadonlySet<string> = new Set([
  'STORE_UNAVAILABLE',
  'STORE_LOCKED',
  'LEASE_LOST',
  'RUN_CONFLICT',
  'CLOSED',
]);
/** The run may still come to exist, or to expect it. */
const awaited: ReadonlySet<string> = new Set([
  'RUN_NOT_FOUND',
  'SIGNAL_NOT_EXPECTED',
  'SIGNAL_BUFFER_FULL',
]);
const maxMessageLength = 1_000;
const maxKeyLength = 190;

export async function perform(
  runner: Runner,
  source: Origin | undefined,
  arrival: StoredArrival,
  nowMs: number,
): Promise<Outcome> {
  const { event } = arrival;
  if (source === undefined) {
    return dead(null, 'SOURCE_UNKNOWN', `There is no source "${arrival.source}" any more`);
  }
  const { kind, rules } = source;
  const rule = (event === null ? undefined : rules.get(event)) ?? rules.get('*');
  if (rule === undefined) {
    const known = [...rules.keys()].map((name) => `"${name}"`).join(', ');
    const what = event === null ? 'It says no event' : `Nothing is declared for event "${event}"`;
    return dead(null, 'EVENT_UNKNOWN', `${what}; known are ${known}`);
  }
  let action: WebhookAction;
  try {
    action = rule.actionOf(arrival.payload, receivedOf(arrival));
  } catch (error) {
    return { status: 'dead', rule, problem: problemOf(error, 'MAPPING_FAILED') };
  }
  try {
    return await carryOut(runner, rule, action, {
      ...arrival,
      origin: `${kind}:${arrival.source}`,
    });
  } catch (error) {
    const problem = problemOf(error, 'INTERNAL');
    const isAwaited =
      action.do === 'signal' &&
      awaited.has(problem.code) &&
      nowMs < arrival.enteredAtMs + action.waitForMs;
    return passing.has(problem.code) || isAwaited
      ? { status: 'later', problem }
      : { status: 'dead', rule, problem };
  }
}

async function carryOut(
  runner: Runner,
  rule: WebhookRule,
  action: WebhookAction,
  { origin, testedBy }: StoredArrival & { readonly origin: string },
): Promise<Outcome> {
  if (action.do === 'nothing') return { status: 'ignored', rule };
  const actor = testedBy ?? origin;
  const { name, input } = action;
  const key = action.key.length <= maxKeyLength ? action.key : `webhook:${sha256(action.key)}`;
  if (action.do === 'publish') {
    await runner.publish(name, input, { id: key, actor });
    return { status: 'done', rule, runId: null };
  }
  if (action.do === 'signal') {
    await runner.signal(action.runId, name, input, { id: key, actor });
    return { status: 'done', rule, runId: action.runId };
  }
  const { runId } = await runner.start(name, input, {
    key,
    actor,
    priority: action.priority,
    labels: {
      ...action.labels,
      trigger: origin,
      ...(testedBy === null ? {} : { test: 'webhook' }),
    },
  });
  return { status: 'done', rule, runId };
}

function receivedOf(arrival: StoredArrival): ReceivedWebhook {
  const { source, deliveryId, event, receivedAtMs, headers } = arrival;
  return { source, deliveryId, event, receivedAtMs, headers };
}

function dead(rule: WebhookRule | null, code: string, message: string): Outcome {
  return { status: 'dead', rule, problem: { code, message, issues: [] } };
}

/** @param otherwise - code of what is no error of the engine */
function problemOf(error: unknown, otherwise: string): StoredProblem {
  if (!(error instanceof SignalboxError)) {
    return { code: otherwise, message: textOf(error).slice(0, maxMessageLength), issues: [] };
  }
  const issues = error.details['issues'];
  return {
    code: error.code,
    message: error.message.slice(0, maxMessageLength),
    issues: (Array.isArray(issues) ? issues : []).map(({ path, message }) => ({
      path: (Array.isArray(path) ? path : []).join('.'),
      message: String(message).slice(0, maxMessageLength),
    })),
  };
}
