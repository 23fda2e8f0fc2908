import { isStep, type Plan, type TaskCall } from './plan.ts';

/** Something a plan refers to by name and code must supply. */
export interface NeededName {
  readonly kind:
    | 'task'
    | 'predicate'
    | 'mapper'
    | 'workflow'
    | 'event'
    | 'form of review'
    | 'context key'
    | 'reducer';
  readonly name: string;
}

/** Everything a run with this plan may ask code for. */
export function neededNames(plan: Plan): readonly NeededName[] {
  const needed: NeededName[] = [];
  const need = (kind: NeededName['kind'], name: string) => needed.push({ kind, name });
  const call = (task: TaskCall | undefined) => {
    if (task !== undefined) need('task', task.task);
  };
  for (const node of plan.nodes) {
    if (!isStep(node)) {
      if (node.kind === 'predicate') need('predicate', node.label);
      if (node.kind === 'derive') need('mapper', node.id);
    } else if (node.kind === 'task') {
      call(node.call);
      call(node.fallback);
    } else if (node.kind === 'child') need('workflow', node.workflow);
    else if (node.kind === 'wait' || node.kind === 'emit') need('event', node.event);
    else if (node.kind === 'review') {
      need('form of review', node.id);
      call(node.remind?.call);
      for (const { call: told } of node.escalate ?? []) call(told);
    } else if (node.kind === 'map') {
      for (const part of node.body) {
        if (part.kind === 'task') call(part.call);
        else need('mapper', part.id);
      }
    }
  }
  for (const { call: told } of plan.finish.escalate ?? []) call(told);
  call(plan.onFailed);
  for (const [key, { reduce }] of Object.entries(plan.context)) {
    need('context key', key);
    if (reduce.startsWith('named:')) need('reducer', reduce.slice('named:'.length));
  }
  return needed;
}

export function nameText({ kind, name }: NeededName): string {
  return `${kind} "${name}"`;
}
