import { evaluateMapper } from '../../evaluation.ts';
import type { MapStep } from '../../plan/plan.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import { type DoneItem, type Memory, type Parts, readerOf } from './memory.ts';

/** Reads an item and its own results before those of the run; derived values of the body are computed when they are asked for. */
export function itemReader(
  parts: Parts,
  memory: Memory,
  body: MapStep['body'],
  item: DoneItem,
): (of: string) => unknown {
  const read = readerOf(parts, memory);
  const nodes = new Map(body.map((part) => [part.id, part]));
  const readInside = (of: string): unknown => {
    if (of === '$item') return item.item;
    if (of === '$index') return item.index;
    const part = nodes.get(of);
    if (part === undefined) return read(of);
    if (part.kind === 'derive')
      return evaluateMapper(parts.bindings, part.id, resolveWiring(part.from, readInside));
    const output = item.results[of];
    return output === undefined
      ? undefined
      : parts.bindings.tasks.get(part.call.task)?.output.restore(output);
  };
  return readInside;
}
