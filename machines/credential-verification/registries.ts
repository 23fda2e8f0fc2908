/** Licence registers of three states. Their stand-ins know the licences of `licences.json`, and those that are reported to them. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { bodyRoute, type Platform, route } from '../platform.ts';

export const Licence = z.object({
  number: z.string(),
  holder: z.string(),
  status: z.enum(['active', 'expired', 'revoked']),
});
export type Licence = z.infer<typeof Licence>;

const LicencesOfStates = z.record(z.string(), z.array(Licence));
const licences = { name: 'licences', schema: Licence };

function knownIn(state: string): readonly Licence[] {
  const text = readFileSync(new URL('licences.json', import.meta.url), 'utf8');
  return LicencesOfStates.parse(JSON.parse(text))[state] ?? [];
}

export interface Registry extends Platform {
  readonly state: string;
}

function registryOf(state: string): Registry {
  return {
    state,
    name: `registry-${state}`,
    urlFrom: `REGISTRY_${state.toUpperCase()}_URL`,
    routes: [
      route('GET /licences', ({ query, rows }) => {
        const number = query.get('number');
        const all = [...rows(licences).all(), ...knownIn(state)];
        return { status: 200, body: all.filter((licence) => licence.number === number) };
      }),
      bodyRoute('POST /licences', Licence, ({ body, rows }) => {
        rows(licences).put(body.number, body);
        return { status: 201, body: {} };
      }),
    ],
  };
}

export const california = registryOf('california');
export const newYork = registryOf('new_york');
export const texas = registryOf('texas');
