/** Options of triggers whose every event becomes the same: those of one rule of a webhook, without the schema. */
import type { Priority } from '../plan/plan.ts';
import type { ReceivedWebhook, WebhookTargetOptions } from './webhook-rule.ts';

/** `workflow` and `input` start a run of each event, `event` and `input` publish one, `signal`, `run` and `input` tell one run. */
export type OneRule<P, I> = WebhookTargetOptions<P, I> & {
  /** Input of the workflow, or payload of the event. The same must give the same: it may be asked again after a crash. */
  readonly input: (payload: P, received: ReceivedWebhook) => NoInfer<I>;
  /** Whether there is anything to do; `false`: it is acknowledged and that is all. Default: always. */
  readonly when?: (payload: P, received: ReceivedWebhook) => boolean;
  /** What has one key has one effect. */
  readonly key?: (payload: P, received: ReceivedWebhook) => string;
  /** Of the run. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly priority?: Priority;
};

const ruleKeys: ReadonlySet<string> = new Set([
  'workflow',
  'event',
  'signal',
  'run',
  'waitFor',
  'input',
  'when',
  'key',
  'labels',
  'priority',
]);

/** The options of the rule, and the others. */
export function splitOptions(
  definition: unknown,
): readonly [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>] {
  const entries = Object.entries(definition ?? {});
  const isOfRule = ([name]: readonly [string, unknown]) => ruleKeys.has(name);
  return [
    Object.fromEntries(entries.filter(isOfRule)),
    Object.fromEntries(entries.filter((entry) => !isOfRule(entry))),
  ];
}
