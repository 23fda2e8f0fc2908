import { expect, it } from 'vitest';
import { incidentResponse } from '../../machines/incident-response/workflow.ts';
import { parseModel } from '../../src/simulation/model.ts';
import { drawSimulation } from '../../src/simulation/picture.ts';
import { simulate } from '../../src/simulation/simulate.ts';
import { wellFormed } from '../diagram/well-formed.ts';

const { plan } = incidentResponse;
const model = parseModel(
  {
    default: { duration: { kind: 'exponential', mean: '2s' } },
    reviews: { approval: { work: { kind: 'exponential', mean: '4m' } } },
    arrivals: { kind: 'exponential', mean: '5m' },
    reviewers: 1,
  },
  plan,
);

it('is one document with the spread of durations and each queue that is limited, the same every time', () => {
  const report = simulate({ plan, model, runs: 300 });

  const svg = drawSimulation(report);

  wellFormed(svg);
  expect(svg).toContain('How long runs take');
  expect(svg).toContain('Waiting for a reviewer');
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  expect(drawSimulation(simulate({ plan, model, runs: 300 }))).toBe(svg);
});

it('can be drawn of a single run, and of none', () => {
  for (const runs of [0, 1])
    expect(drawSimulation(simulate({ plan, model, runs }))).not.toMatch(/NaN|Infinity/);
});
