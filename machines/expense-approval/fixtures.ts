import type { Fixtures } from '../../src/testing/index.ts';

/** On both sides of the limit, and not valid. */
export const fixtures: Fixtures = {
  tasks: {
    validate_request: [
      { valid: true, errors: [], amount: 999 },
      { valid: true, errors: [], amount: 1_000 },
      { valid: false, errors: ['The purpose is missing'], amount: 20 },
    ],
  },
};
