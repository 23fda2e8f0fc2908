/** The states a run is in, as far as a path needs to know. */
import type { AnyMachineSnapshot } from 'xstate';
import type { ChartState } from '../../chart/chart.ts';

/** An active state without substates. */
export interface ActiveState {
  readonly path: readonly string[];
  /** Step it belongs to, or `null`. */
  readonly step: string | null;
  /** Its own name: `running`, `blocked`, `waiting_review`. */
  readonly name: string;
  /** Parallel branch it lies in; one for everything outside parallel stages. */
  readonly branch: string;
  /** Events it and its step listen to. */
  readonly on: readonly string[];
}

interface Node {
  readonly type: string;
  readonly path: readonly string[];
  readonly key: string;
  readonly parent?: Node | undefined;
  readonly config: ChartState;
}

export function activeStates(snapshot: AnyMachineSnapshot): readonly ActiveState[] {
  const nodes: readonly Node[] = snapshot._nodes as never;
  return nodes
    .filter(({ type }) => type === 'atomic')
    .map((node) => {
      const parent = node.parent;
      const step = parent?.config.meta?.['step'];
      const region = node.path.findIndex((part) => part.startsWith('region:'));
      const own = typeof step === 'string' ? parent : undefined;
      return {
        path: node.path,
        step: typeof step === 'string' ? step : null,
        name: node.key,
        branch: region === -1 ? '' : node.path.slice(0, region + 1).join('.'),
        on: [...Object.keys(node.config.on ?? {}), ...Object.keys(own?.config.on ?? {})],
      };
    });
}
