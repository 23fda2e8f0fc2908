import { createHash } from 'node:crypto';
import { readFile, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { ask, Usage } from '../../src/agent/index.ts';
import { defineTask, PermanentError } from '../../src/index.ts';
import { sendMail } from '../../src/notify/index.ts';
import { dataPath, isMissing, writeAtomically } from '../files.ts';
import { analyst, offlineSource } from './analysis.ts';
import { Breakdown, Trend } from './figures.ts';
import { ordersPath } from './generate-data.ts';
import { renderReport } from './html.ts';
import { Measure, Period, Point, summariseOrders } from './orders.ts';

export const loadData = defineTask({
  name: 'load_data',
  description: 'Sums up the orders of a range of days, read from the orders database.',
  input: z.object({
    from: z.iso.date(),
    to: z.iso.date(),
    trend: Measure,
    per: Period,
    breakdown: z.array(Measure),
  }),
  output: z.object({
    rows: z.int().describe('Orders in the range'),
    date_range: z.string(),
    trend: z.array(Point),
    breakdown: z.array(Point),
  }),
  timeout: '30s',
  compensate: 'none',
  async run({ input }) {
    return { date_range: `${input.from} to ${input.to}`, ...summariseOrders(ordersPath(), input) };
  },
});

export const analyse = defineTask({
  name: 'analyse_with_llm',
  description: 'Finds three key insights in the figures, by a language model if one is configured.',
  input: z.object({
    trend: Trend,
    breakdown: Breakdown,
    model: z.string(),
    max_tokens: z.int().positive(),
  }),
  output: z.object({ insights: z.array(z.string()), source: z.string(), usage: Usage }),
  retry: { maxAttempts: 5 },
  timeout: '60s',
  compensate: 'none',
  async run(context) {
    const { model, max_tokens: maxTokens, ...figures } = context.input;
    const { answer, usage, source } = await ask({ ...analyst, model, maxTokens }, figures, context);
    return { ...answer, usage, source: usage.model === 'offline' ? offlineSource : source };
  },
});

const Chart = z.object({ file: z.string(), title: z.string() });

export const generateCharts = defineTask({
  name: 'generate_charts',
  description:
    'Draws the figures as PNG files in a directory of this run; undone by deleting them.',
  input: z.object({ trend: Trend, breakdown: Breakdown, output_dir: z.string().optional() }),
  output: z.object({ directory: z.string(), charts: z.array(Chart) }),
  timeout: '60s',
  async run({ input: { trend, breakdown, output_dir }, run }) {
    // Loaded at first use: drawing needs a native library, and most processes that know this workflow never draw.
    const { drawBreakdown, drawTrend } = await import('./charts.ts');
    // A directory for each run: two runs never overwrite, and undoing one never deletes the files of another.
    const directory = resolve(
      output_dir ?? dataPath('reports'),
      `${run.workflow}-${encodeURIComponent(run.runId)}`,
    );
    await writeAtomically(join(directory, trend.file), drawTrend(trend));
    await writeAtomically(join(directory, breakdown.file), drawBreakdown(breakdown));
    return { directory, charts: [trend, breakdown].map(({ file, title }) => ({ file, title })) };
  },
  async compensate({ output: { directory, charts } }) {
    for (const { file } of charts) await rm(join(directory, file), { force: true });
    await removeIfEmpty(directory);
  },
});

export const composeHtmlReport = defineTask({
  name: 'compose_html_report',
  description: 'Writes the report as one HTML file beside its charts; undone by deleting it.',
  input: z.object({
    title: z.string(),
    date: z.iso
      .date()
      .optional()
      .describe('Default: the day, in UTC, on which the run was started'),
    date_range: z.string(),
    insights: z.array(z.string()),
    source: z.string(),
    directory: z.string(),
    charts: z.array(Chart),
  }),
  output: z.object({
    report_path: z.string(),
    sha256: z.string().describe('Digest of the file, in hex'),
    subject: z.string(),
  }),
  timeout: '30s',
  async run({ input, run }) {
    // Not today's date: an attempt after midnight must write the same report.
    const date = input.date ?? new Date(run.startedAtMs).toISOString().slice(0, 10);
    const charts = await Promise.all(
      input.charts.map(async (chart) => ({
        ...chart,
        png: await readFile(join(input.directory, chart.file)),
      })),
    );
    const html = renderReport({ ...input, date, dateRange: input.date_range, charts });
    const report_path = join(input.directory, 'report.html');
    await writeAtomically(report_path, html);
    return { report_path, sha256: sha256(html), subject: `${input.title} - ${date}` };
  },
  async compensate({ output }) {
    await rm(output.report_path, { force: true });
    await removeIfEmpty(dirname(output.report_path));
  },
});

export const sendEmail = defineTask({
  name: 'send_email',
  description: 'Mails the report through the SMTP server named by SMTP_URL.',
  input: z.object({
    report_path: z.string(),
    sha256: z.string(),
    subject: z.string(),
    to: z.email(),
  }),
  output: z.object({ sent_to: z.email(), status: z.literal('sent'), messageId: z.string() }),
  retry: {
    maxAttempts: 5,
    backoff: { kind: 'exponential', initial: '2s', max: '60s', jitter: 'full' },
  },
  timeout: '60s',
  // SMTP has no idempotency key, and not every server drops duplicates: without a verdict a person decides.
  repeat: 'unsafe',
  compensate: 'irreversible',
  async run({ input: { report_path, to, subject, ...expected }, idempotencyKey, signal, log }) {
    const html = await readFile(report_path, 'utf8');
    if (sha256(html) !== expected.sha256) {
      throw new PermanentError(
        `Report "${basename(report_path)}" was changed after it was composed; it is not sent`,
      );
    }
    const messageId = `<${sha256(idempotencyKey).slice(0, 32)}@company.com>`;
    const url = process.env['SMTP_URL'] ?? 'smtp://127.0.0.1:2525';
    await sendMail({ from: 'reports@company.com', to, subject, html, messageId }, url, signal);
    log.info({ to, messageId }, 'report sent');
    return { sent_to: to, status: 'sent', messageId };
  },
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    const isInUse = error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY';
    if (!isInUse && !isMissing(error)) throw error;
  }
}
