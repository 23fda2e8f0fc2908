import { createDraws } from './draws.ts';
import { labsFor } from './labs.ts';
import type { Scene } from './scene.ts';

/** At most `count` of the scenes, the first of them always, that together have as many kinds of places as they can; the rest is drawn. */
export async function fewScenes(
  scenes: readonly Scene[],
  count: number,
  seed: number,
): Promise<readonly Scene[]> {
  const [lab] = labsFor(['memory'], ['kill']);
  const draw = createDraws('few scenes', seed);
  const kinds = new Map<Scene, ReadonlySet<string>>();
  for (const scene of scenes) {
    const execution = await lab?.execute(scene, null, draw).catch(() => null);
    kinds.set(scene, new Set(execution?.places));
  }
  const left = [...scenes];
  const chosen: Scene[] = left.splice(0, 1);
  while (chosen.length < count && left.length > 0) {
    const known = new Set(chosen.flatMap((scene) => [...(kinds.get(scene) ?? [])]));
    const gains = left.map(
      (scene) => [...(kinds.get(scene) ?? [])].filter((kind) => !known.has(kind)).length,
    );
    const best = Math.max(...gains);
    const position = best > 0 ? gains.indexOf(best) : Math.floor(draw() * left.length);
    chosen.push(...left.splice(position, 1));
  }
  return chosen;
}
