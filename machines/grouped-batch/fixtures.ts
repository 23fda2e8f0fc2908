import example from './requests.json' with { type: 'json' };

/** With notifications and without: generated requests seldom fit a type. */
export const fixtures = {
  inputs: [example, { requests: example.requests.slice(0, 1) }],
};
