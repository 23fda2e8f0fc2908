import { describe, expect, it } from 'vitest';
import { planHash } from '../../src/plan/hash.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { incidentResponse } from '../definition/support/incident-response.ts';

const { plan } = incidentResponse;

const mapPlan = (inner: object): Plan => ({
  ...plan,
  nodes: [
    {
      id: 'each',
      kind: 'map',
      after: [],
      gates: [],
      items: { kind: 'literal', value: [1] },
      concurrency: 1,
      onItemFailure: 'fail',
      body: [
        {
          id: 'd',
          kind: 'derive',
          after: [],
          gates: [],
          from: { kind: 'absent' },
          ...inner,
        } as never,
      ],
      yields: { kind: 'absent' },
    },
  ],
});

describe('the hash of a plan', () => {
  it('is 64 hexadecimal digits, the same whatever the order of keys', () => {
    const shuffled = JSON.parse(JSON.stringify(plan)) as Record<string, unknown>;
    const reversed = Object.fromEntries(Object.entries(shuffled).toReversed()) as unknown as Plan;

    expect(planHash(plan)).toMatch(/^[0-9a-f]{64}$/);
    expect(planHash(reversed)).toBe(planHash(plan));
    expect(plan.hash).toBe(planHash(plan));
  });

  it('does not depend on descriptions and owners, nor on a hash that is already there', () => {
    const [first, ...rest] = plan.nodes;
    const described: Plan = {
      ...plan,
      description: 'Something',
      owner: 'somebody',
      hash: 'x',
      nodes: [{ ...first!, description: 'A step', owner: 'nobody' }, ...rest],
    };

    expect(planHash(described)).toBe(planHash(plan));
    expect(planHash(mapPlan({ description: 'Inside' }))).toBe(planHash(mapPlan({ owner: 'x' })));
  });

  it.each([
    ['a version', { version: 2 }],
    ['a policy', { onFailure: 'keep' }],
    [
      'a schema, a field called description included',
      { input: { properties: { description: {} } } },
    ],
    ['a node', { nodes: plan.nodes.slice(1) }],
  ])('depends on %s', (_, change) => {
    expect(planHash({ ...plan, ...change } as Plan)).not.toBe(planHash(plan));
  });

  it('needs texts of well-formed Unicode', () => {
    expect(() => planHash({ ...plan, startOn: ['\ud800'] })).toThrow(/has no canonical form/);
  });
});
