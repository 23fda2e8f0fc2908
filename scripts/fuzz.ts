/**
 * Sends made-up requests to every call of a service, many at a time: `npm run fuzz -- --seconds 20 --seed 7`. What is sent is drawn by fast-check
 * from the declarations of the calls, autocannon sends it. Ends with 1 if anything was answered by 5xx, or not at all.
 */
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import * as fc from 'fast-check';
import { fuzzed, openFuzzed } from '../test/support/fuzzed-service.ts';
import { finiteCalls, requestsOf } from '../test/support/random-requests.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string' },
    each: { type: 'string', default: '100' },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
const bench = await openFuzzed();
const url = await bench.service.listen();
const failures: string[] = [];
const perCall = finiteCalls.map((call) =>
  fc.sample(requestsOf(call, bench.known), { seed, numRuns: Number(values.each) }).map(fuzzed),
);
// One request of each call after the other, so that all of them are sent however short the time
const requests = Array.from({ length: Number(values.each) }, (_, round) =>
  perCall.flatMap((drawn) => drawn[round] ?? []),
)
  .flat()
  .map((request) => ({
    method: request.method,
    path: request.url,
    headers: { ...request.headers },
    ...(request.body === undefined ? {} : { body: request.body }),
    onResponse(status: number, body: string) {
      if (status >= 500)
        failures.push(
          `${status} ${request.method} ${request.url} ${request.body ?? ''}\n  ${body}`,
        );
    },
  }));

const result = await autocannon({
  url,
  connections: 10,
  duration: Number(values.seconds),
  timeout: 30,
  requests,
});
await bench.close();

const answers = Object.entries(result.statusCodeStats).map(
  ([status, { count }]) => [status, count] as const,
);
const sent = answers.reduce((sum, [, count]) => sum + count, 0);
console.log(
  `seed ${seed}: ${finiteCalls.length} calls, ${requests.length} different requests, ${sent} sent`,
);
for (const [status, count] of answers) console.log(`  ${status}  ${count}`);
console.log(`  without an answer  ${result.errors + result.timeouts}`);
for (const failure of new Set(failures)) console.log(failure.slice(0, 2_000));
for (const line of bench.log.at('error').slice(0, 10)) console.log(line);
process.exitCode = answers.some(([status]) => status.startsWith('5')) ? 1 : 0;
