/** What waiting side by side gains: records verified one call after the other by a plain script, and by the workflow, against the same slow platforms. */
import { z } from 'zod';
import { isClear, weigh } from '../machines/credential-verification/evidence.ts';
import { crm, messaging } from '../machines/credential-verification/platforms.ts';
import {
  california,
  Licence,
  newYork,
  texas,
} from '../machines/credential-verification/registries.ts';
import { credentialVerification } from '../machines/credential-verification/workflow.ts';
import { call, standInOf } from '../machines/platform.ts';
import type { Orchestrator } from '../src/index.ts';
import { environment, inTurns, type Load, load, median, rounded } from './support/measure.ts';
import type { StoreKind } from './support/store-kinds.ts';
import { openOrchestrator, openStore, scratchFolder } from './support/stores.ts';

export interface CredentialOptions {
  readonly store: StoreKind;
  readonly inflight: number;
  readonly records: number;
  /** Of every answer of every platform. */
  readonly latencyMs: number;
  readonly rounds: number;
  readonly folder: string | undefined;
}

const registries = [california, newYork, texas];
const platforms = [...registries, crm, messaging];
const { signal } = new AbortController();

interface Claim {
  readonly name: string;
  readonly email: string;
  readonly licence_number: string;
}

function claimOf(n: number): Claim {
  return {
    name: `Student ${n}`,
    email: `student-${n}@example.com`,
    licence_number: `RN-${10_000 + n}`,
  };
}

export async function credentialBenchmark({
  store,
  inflight,
  records,
  latencyMs,
  rounds,
  folder,
}: CredentialOptions) {
  const scratch = scratchFolder(folder);
  process.env['SIGNALBOX_DATA'] = scratch.path;
  const opened = await openStore(store, scratch.path);
  const orchestrator = await openOrchestrator(opened, [credentialVerification]);
  const run = (n: number) => verifyByWorkflow(orchestrator, claimOf(n));
  const subjects = [
    { name: 'script', inflight: 1, run: (n: number) => verifyByScript(claimOf(n)) },
    { name: 'oneAtATime', inflight: 1, run },
    { name: 'engine', inflight, run },
  ] as const;
  const loads = {
    script: [] as Load[],
    oneAtATime: [] as Load[],
    engine: [] as Load[],
  };
  try {
    await reportLicences(records);
    for (const platform of platforms)
      (await standInOf(platform)).fault('*', { delayMs: latencyMs });
    // The first of each is for warming up.
    for (const subject of subjects) await subject.run(0);
    for (let round = 0; round < rounds; round += 1) {
      for (const subject of inTurns(subjects, round))
        loads[subject.name].push(await load(records, subject.inflight, subject.run));
    }
  } finally {
    await orchestrator.close();
    await opened.close();
    for (const platform of platforms) await (await standInOf(platform)).close();
    scratch.remove();
  }
  const msPerRecord = (of: readonly Load[]) => median(of.map(({ wallMs }) => wallMs / records));
  const gain = (of: readonly Load[]) =>
    median(of.map(({ wallMs }, round) => (loads.script[round]?.wallMs ?? Number.NaN) / wallMs));
  return {
    benchmark: 'credential-verification',
    store,
    inflight,
    records,
    latencyMs,
    rounds,
    scriptMsPerRecord: rounded(msPerRecord(loads.script)),
    engineMsPerRecord: rounded(msPerRecord(loads.engine)),
    ratio: rounded(gain(loads.engine)),
    oneAtATime: {
      msPerRecord: rounded(msPerRecord(loads.oneAtATime)),
      ratio: rounded(gain(loads.oneAtATime)),
    },
    environment: environment(),
  };
}

export type CredentialReport = Awaited<ReturnType<typeof credentialBenchmark>>;

export function credentialTable(report: CredentialReport): readonly (readonly string[])[] {
  const { oneAtATime, inflight } = report;
  return [
    [`answers after ${report.latencyMs} ms`, 'ms a record', 'times as fast as the script'],
    ['script, one call after the other', String(report.scriptMsPerRecord), '1'],
    ['workflow, one record at a time', String(oneAtATime.msPerRecord), String(oneAtATime.ratio)],
    [`workflow, ${inflight} in flight`, String(report.engineMsPerRecord), String(report.ratio)],
  ];
}

async function reportLicences(records: number): Promise<void> {
  for (const registry of registries) {
    for (let n = 0; n < records; n += 1) {
      const { licence_number: number, name: holder } = claimOf(n);
      const body: Licence = { number, holder, status: 'active' };
      const answer = z.object({});
      await call(registry, { method: 'POST', path: '/licences', body, signal, answer });
    }
  }
}

async function verifyByWorkflow(orchestrator: Orchestrator, claim: Claim): Promise<void> {
  const run = await orchestrator.start(credentialVerification, claim);
  const { verdict } = await run.result();
  if (verdict !== 'verified') throw new Error(`${claim.licence_number} was ${verdict}`);
}

/** What a script does that somebody writes in an afternoon: it keeps nothing, and starts again from the first record after a crash. */
async function verifyByScript({ name, email, licence_number }: Claim): Promise<void> {
  const findings = [];
  for (const registry of registries) {
    const path = `/licences?number=${licence_number}`;
    const answer = z.array(Licence);
    const [licence = null] = await call(registry, { method: 'GET', path, signal, answer });
    findings.push([registry.state, { state: registry.state, licence }] as const);
  }
  if (!isClear(weigh(name, findings))) throw new Error(`${licence_number} is not clear`);
  await call(crm, {
    method: 'PUT',
    path: `/contacts/${email}/credential`,
    body: { credential: 'verified' },
    signal,
    answer: z.object({}),
  });
  const body = { to: email, subject: 'Your licence is verified', text: licence_number };
  const answer = z.object({ id: z.string() });
  await call(messaging, { method: 'POST', path: '/messages', body, signal, answer });
}
