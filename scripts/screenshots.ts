/** `npm run screenshots`: draws the pictures of the guides anew, from a real service and a real browser. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sparticuz from '@sparticuz/chromium';
import { chromium } from 'playwright-core';
import { incidentResponse } from '../machines/incident-response/workflow.ts';
import { createMemoryStore } from '../src/adapters/memory/index.ts';
import { systemClock } from '../src/adapters/system/clock.ts';
import { createOrchestrator } from '../src/index.ts';
import { createApp } from '../src/service/app.ts';
import { buildDashboard } from './dashboard-build.ts';

const folder = fileURLToPath(new URL('../docs/images', import.meta.url));
const mostBytes = 250_000;

await buildDashboard();
await mkdir(folder, { recursive: true });
const store = createMemoryStore();
const orchestrator = await createOrchestrator({ workflows: [incidentResponse], store });
const app = await createApp({ orchestrator, store, clock: systemClock });
const url = await app.listen({ host: '127.0.0.1', port: 0 });
const browser = await chromium.launch({
  executablePath: await sparticuz.executablePath(),
  args: sparticuz.args,
});
try {
  const { runId } = await orchestrator.start(
    incidentResponse,
    { device_id: 'PUMP-07B', error: 'PRESSURE_SPIKE_DETECTED' },
    { key: 'alert-4711', labels: { site: 'north' }, actor: 'ann' },
  );
  await orchestrator.drive(runId);
  const page = await browser.newPage({
    viewport: { width: 1280, height: 820 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
  });
  await page.goto(`${url}/runs/${runId}`);
  await page.locator('[data-node="approval"][data-state="waiting"]').waitFor();
  await page.locator('[data-connection="open"]').waitFor();
  await page.getByRole('link', { name: 'Reviews 1 waiting' }).waitFor();
  const picture = await page.screenshot();
  if (picture.length > mostBytes) throw new Error(`${picture.length} bytes are too many`);
  await writeFile(join(folder, 'dashboard.png'), picture);
  console.error(`docs/images/dashboard.png, ${picture.length} bytes`);
} finally {
  await browser.close();
  await app.close();
  await orchestrator.close();
}
