/** What the tasks inside a map answer, and what the map yields of it. */
import { evaluateMapper } from '../../evaluation.ts';
import type { Json } from '../../plan/json.ts';
import { copyJson } from '../../plan/json-value.ts';
import type { MapStep } from '../../plan/plan.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { Dataflow } from './dataflow.ts';

export interface MapValues {
  /** By `index/task`, as handed in. */
  readonly answers: { readonly [place: string]: Json };
  readonly value: Json;
}

/**
 * @param answer - output of one task of the body, as handed in and as its consumers see it
 */
export function mapValues(
  node: MapStep,
  flow: Dataflow,
  answer: (
    task: string,
    index: number,
  ) => { readonly raw: Json | undefined; readonly value: unknown },
): MapValues {
  const list = resolveWiring(node.items, flow.read);
  const answers: Record<string, Json> = {};
  const yielded = unitsOf(Array.isArray(list) ? list : [], node.batch).map((item, index) => {
    const own = new Map<string, unknown>([
      ['$item', item],
      ['$index', index],
    ]);
    const read = (of: string) => (own.has(of) ? own.get(of) : flow.read(of));
    for (const part of node.body) {
      if (part.kind === 'task') {
        const { raw, value } = answer(part.call.task, index);
        if (raw !== undefined) answers[`${index}/${part.id}`] = raw;
        own.set(part.id, value);
      } else
        own.set(part.id, evaluateMapper(flow.bindings, part.id, resolveWiring(part.from, read)));
    }
    return { index, item: toJson(item), value: toJson(resolveWiring(node.yields, read)) };
  });
  if (node.onItemFailure === 'fail') return { answers, value: yielded.map(({ value }) => value) };
  return { answers, value: { complete: yielded, failed: [] } };
}

function unitsOf(list: readonly unknown[], batch: number | undefined): readonly unknown[] {
  if (batch === undefined) return list;
  return Array.from({ length: Math.ceil(list.length / batch) }, (_, index) =>
    list.slice(index * batch, (index + 1) * batch),
  );
}

function toJson(value: unknown): Json {
  const copied = copyJson(value ?? null);
  return copied.ok ? copied.value : null;
}
