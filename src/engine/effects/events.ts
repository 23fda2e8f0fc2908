/** Events between runs: sent by a step, and waited for by one. */
import { issuesText } from '../../plan/issues.ts';
import type { Json } from '../../plan/json.ts';
import { copyJson } from '../../plan/json-value.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import { type Draft, openItem } from '../draft.ts';
import { faulted, type Incoming } from '../incoming.ts';
import { readerOf } from '../live-run.ts';
import { takeMail } from '../mailbox.ts';

export function emit(draft: Draft, step: string): readonly Incoming[] {
  const { run, tools } = draft;
  const node = draft.run.definition.index.nodes.get(step);
  if (node?.kind !== 'emit') return [];
  const parsed = run.definition.bindings.events
    .get(node.event)
    ?.parse(resolveWiring(node.payload, readerOf(run)));
  if (parsed?.ok !== true) {
    const why =
      parsed === undefined ? 'the event is not registered' : issuesText(parsed.issues, 'payload');
    return [
      faulted({
        step,
        name: 'OutputInvalid',
        message: `Event "${node.event}" of step "${step}" cannot be sent: ${why}`,
        retryable: false,
      }),
    ];
  }
  draft.messages.push({
    id: `${run.header.id}/${step}/${run.state.generation}`,
    runId: null,
    kind: 'event',
    atMs: tools.nowMs,
    body: { event: node.event, payload: parsed.stored, actor: `run:${run.header.id}` },
  });
  return [
    {
      event: { type: `${step}.completed` },
      actor: 'signalbox',
      step,
      settles: { value: undefined, output: null },
    },
  ];
}

export function awaitEvent(draft: Draft, step: string): readonly Incoming[] {
  const { run, tools } = draft;
  const node = draft.run.definition.index.nodes.get(step);
  if (node?.kind !== 'wait') return [];
  const read = readerOf(run);
  const where: Record<string, Json> = {};
  for (const [key, wiring] of node.where) {
    const plain = copyJson(resolveWiring(wiring, read) ?? null);
    Object.defineProperty(where, key, {
      value: plain.ok ? plain.value : null,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  const dueAtMs = node.withinMs === undefined ? null : tools.nowMs + node.withinMs;
  openItem(draft, { kind: 'event', step, event: node.event, where, sinceMs: tools.nowMs, dueAtMs });
  const mail = takeMail(run, node.event, where);
  return mail === null ? [] : [received(draft, step, mail.payload, mail.actor, mail.id)];
}

/** The event that ends a wait. */
export function received(
  draft: Draft,
  step: string,
  payload: Json,
  actor: string,
  signalId: string,
): Incoming {
  const node = draft.run.definition.index.nodes.get(step);
  const contract =
    node?.kind === 'wait' ? draft.run.definition.bindings.events.get(node.event) : undefined;
  const value = contract === undefined ? payload : contract.restore(payload);
  const wrapped = node?.kind === 'wait' && node.onTimeout === 'continue';
  return {
    event: { type: `${step}.received` },
    actor,
    step,
    settles: wrapped
      ? { value: { status: 'received', value }, output: { status: 'received', value: payload } }
      : { value, output: payload },
    data: { signal: signalId },
  };
}
