/** A headless browser on the dashboard of a real service. Whatever the page complains about fails the test. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import sparticuz from '@sparticuz/chromium';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

export interface BrowserTest {
  /** Opens an address of the service in a fresh window. */
  open(url: string, options?: { readonly width?: number; readonly height?: number }): Promise<Page>;
  /** Complaints the test expects, as a refused call is told in the console. */
  expectComplaint(pattern: RegExp): void;
}

/** One browser for the tests of a file; each test gets windows of its own, of which nothing is left, and fails if they complain. */
export function useBrowser(): BrowserTest {
  let browser: Browser;
  /** Kept from test to test, as what it has loaded is most of what a first page takes; a second person gets a context of their own. */
  let first: BrowserContext | null = null;
  let contexts: BrowserContext[] = [];
  let complaints: string[] = [];
  let expected: RegExp[] = [];

  beforeAll(async () => {
    // An emulated graphics card would take more than half of the time.
    sparticuz.setGraphicsMode = false;
    browser = await chromium.launch({
      executablePath: await sparticuz.executablePath(),
      // In one process, a window that is closed takes the browser along.
      args: sparticuz.args.filter((arg) => arg !== '--single-process' && arg !== '--no-zygote'),
    });
  }, 60_000);

  afterEach(async () => {
    const unexpected = complaints.filter((text) => !expected.some((one) => one.test(text)));
    const [kept, ...others] = contexts;
    contexts = [];
    complaints = [];
    expected = [];
    await Promise.all(others.map((context) => context.close()));
    await kept?.clearCookies();
    for (const page of kept?.pages() ?? []) {
      await page.evaluate(() => localStorage.clear());
      await page.close();
    }
    expect(unexpected).toEqual([]);
  });

  afterAll(async () => {
    await browser.close();
  });

  const newContext = () =>
    browser.newContext({
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'UTC',
      permissions: ['clipboard-read', 'clipboard-write'],
    });

  return {
    async open(url, { width = 1280, height = 860 } = {}) {
      const context = contexts.length === 0 ? (first ??= await newContext()) : await newContext();
      contexts.push(context);
      const page = await context.newPage();
      await page.setViewportSize({ width, height });
      page.setDefaultTimeout(10_000);
      collect(page, complaints);
      await page.goto(url);
      return page;
    },
    expectComplaint(pattern) {
      expected.push(pattern);
    },
  };
}

function collect(page: Page, complaints: string[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      complaints.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => complaints.push(`page: ${error.message}`));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    // A page that is left lets go of what it was waiting for.
    if (!why.includes('ERR_ABORTED')) complaints.push(`request: ${request.url()} ${why}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 500) complaints.push(`${response.status()} ${response.url()}`);
  });
}

/** Rules of accessibility (WCAG 2.2 AA): no serious or critical issue. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    // In the page itself: no page has frames, and a second window to sum up what a first one found takes as long again.
    .setLegacyMode()
    .options({ resultTypes: ['violations'] })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  const serious = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => ({ id, at: nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)) }));
  expect(serious).toEqual([]);
}

const looks = [
  { name: 'desktop-light', scheme: 'light', width: 1280, height: 860 },
  { name: 'desktop-dark', scheme: 'dark', width: 1280, height: 860 },
  { name: 'phone-light', scheme: 'light', width: 390, height: 844 },
  { name: 'phone-dark', scheme: 'dark', width: 390, height: 844 },
] as const;

/** Pictures of the page as it stands, in both themes, on a desk and on a phone; only if `SCREENSHOTS` is set. Into `screenshots/`. */
export async function takePictures(page: Page, name: string): Promise<void> {
  if (process.env['SCREENSHOTS'] === undefined) return;
  const folder = join(import.meta.dirname, '../../../screenshots');
  await mkdir(folder, { recursive: true });
  const before = page.viewportSize();
  for (const { name: look, scheme, width, height } of looks) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForTimeout(250);
    await page.screenshot({ path: join(folder, `${name}-${look}.png`) });
  }
  await page.emulateMedia({ colorScheme: 'light' });
  if (before !== null) await page.setViewportSize(before);
  await page.waitForTimeout(400);
}
