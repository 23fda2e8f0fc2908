import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fuzzed, fuzzed, openFuzzed } from '../support/fuzzed-service.ts';
import { finiteCalls, requestsOf } from '../support/random-requests.ts';

let bench: Fuzzed;
beforeAll(async () => {
  bench = await openFuzzed();
});
afterAll(() => bench.close());

describe('F-05: whatever is sent to a call', () => {
  it.each(finiteCalls)('%s answers it, or refuses it as a problem', async (id, route) => {
    await fc.assert(
      fc.asyncProperty(requestsOf([id, route], bench.known), async (request) => {
        const { method, url, headers, body } = fuzzed(request);

        const answer = await bench.app.inject({
          method,
          url,
          headers,
          ...(body === undefined ? {} : { payload: body }),
        });

        if (answer.statusCode >= 500) throw new Error(answer.body);
        if (answer.statusCode >= 400) {
          expect(answer.headers['content-type']).toBe('application/problem+json');
          expect(answer.json()).toMatchObject({ status: answer.statusCode });
        }
      }),
      { numRuns: 4 },
    );
  });
});
