import type { Json } from '../../plan/json.ts';
import type { EntityAccess } from '../../ports/bindings.ts';

/** State by name and key, and the results of the commands by id. */
export function entitiesInMemory(): EntityAccess {
  const states = new Map<string, Json>();
  const results = new Map<string, Json>();
  return {
    read: async (name, key) => states.get(JSON.stringify([name, key])) ?? null,
    async change({ name, key, id, next }) {
      const place = JSON.stringify([name, key]);
      const command = JSON.stringify([name, key, id]);
      const known = results.get(command);
      if (known !== undefined) return known;
      const { state, output } = next(states.get(place) ?? null);
      states.set(place, state);
      results.set(command, output);
      return output;
    },
  };
}
