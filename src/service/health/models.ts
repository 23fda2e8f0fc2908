/** What models have used, by what attempts report of it in their output (`usage`, as agents yield it). */
import { z } from 'zod';
import type { RunEvent } from '../../engine/announcer.ts';

export interface ModelUse {
  readonly model: string;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** `null`: the price of some of it is not known. */
  readonly costUsd: number | null;
}

const Reported = z.object({
  usage: z.object({
    model: z.string().min(1).max(500),
    calls: z.number().nonnegative(),
    input_tokens: z.number().nonnegative(),
    output_tokens: z.number().nonnegative(),
    cost_usd: z.number().nonnegative().nullable(),
  }),
});

/** More names than this are added up under `others`. */
const maxModels = 100;

export function createModelMeter() {
  const uses = new Map<string, ModelUse>();
  return {
    /** @returns what this entry reports; `null`: nothing */
    note({ entry }: RunEvent): ModelUse | null {
      if (entry.settles !== 'complete' || entry.attempt === null) return null;
      const reported = Reported.safeParse(entry.output);
      if (!reported.success) return null;
      const { usage } = reported.data;
      const isKnown = uses.has(usage.model) || uses.size < maxModels;
      const model = isKnown ? usage.model : 'others';
      const use: ModelUse = {
        model,
        calls: usage.calls,
        inputTokens: usage.input_tokens,
        outputTokens: usage.output_tokens,
        costUsd: usage.cost_usd,
      };
      uses.set(model, added(uses.get(model), use));
      return use;
    },
    list: (): readonly ModelUse[] => [...uses.values()],
  };
}

export type ModelMeter = ReturnType<typeof createModelMeter>;

function added(before: ModelUse | undefined, use: ModelUse): ModelUse {
  if (before === undefined) return use;
  const isPriced = before.costUsd !== null && use.costUsd !== null;
  return {
    model: use.model,
    calls: before.calls + use.calls,
    inputTokens: before.inputTokens + use.inputTokens,
    outputTokens: before.outputTokens + use.outputTokens,
    costUsd: isPriced ? (before.costUsd ?? 0) + (use.costUsd ?? 0) : null,
  };
}
