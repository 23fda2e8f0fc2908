import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ordersPath } from '../../machines/quarterly-report/generate-data.ts';
import {
  analyse,
  composeHtmlReport,
  generateCharts,
  loadData,
} from '../../machines/quarterly-report/tasks.ts';
import { callTask, undoTask } from '../support/call-task.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { startModelServer, withoutProvider } from '../support/model-server.ts';

const dataDirectory = useDataDirectory();
const quarter = {
  from: '2025-01-01',
  to: '2025-03-31',
  trend: 'revenue' as const,
  per: 'week' as const,
  breakdown: ['materials', 'shipping', 'staff', 'marketing'] as const,
};
const trend = {
  title: 'Revenue by week',
  subject: 'Revenue',
  file: 'revenue_trend.png',
  unit: 'EUR' as const,
  per: 'week' as const,
};
const breakdown = {
  title: 'Costs by category',
  subject: 'Costs',
  file: 'cost_breakdown.png',
  unit: 'EUR' as const,
};
const model = { model: 'llama-3.3-70b-versatile', max_tokens: 300 };
const run = {
  runId: 'q1/2025',
  workflow: 'quarterly-report',
  version: 1,
  startedAtMs: Date.UTC(2025, 3, 1, 9),
};

describe('load_data', () => {
  it('reads 1,500 rows of the first quarter of 2025', async () => {
    const data = await callTask(loadData, { ...quarter, breakdown: [...quarter.breakdown] });

    expect(data).toMatchObject({ rows: 1500, date_range: '2025-01-01 to 2025-03-31' });
    expect(data.trend).toHaveLength(13);
    expect(data.trend[0]).toEqual({ label: '2025-01-01', value: 31329.02 });
    expect(data.trend[12]).toEqual({ label: '2025-03-26', value: 33260.63 });
    expect(data.breakdown.map(({ label }) => label)).toEqual([
      'materials',
      'staff',
      'shipping',
      'marketing',
    ]);
  });

  it('finds the same orders in a database made anew', async () => {
    const first = await readQuarter();
    await rm(ordersPath());
    const second = await readQuarter();

    expect(second).toEqual(first);
  });

  it('has exactly 1,500 rows in the whole database', async () => {
    const range = { from: '1970-01-01', to: '2099-12-31' };

    expect(await callTask(loadData, { ...quarter, ...range, breakdown: [] })).toMatchObject({
      rows: 1500,
    });
  });

  it('reads no rows outside the data', async () => {
    const data = await callTask(loadData, {
      ...quarter,
      from: '2024-01-01',
      to: '2024-03-31',
      breakdown: ['materials'],
    });

    expect(data).toMatchObject({
      rows: 0,
      trend: [],
      breakdown: [{ label: 'materials', value: 0 }],
    });
  });

  it('adds up to the same total by day and by week', async () => {
    const byWeek = await readQuarter();
    const byDay = await callTask(loadData, { ...quarter, per: 'day', breakdown: [] });

    expect(byDay.trend).toHaveLength(90);
    expect(total(byDay.trend)).toBeCloseTo(total(byWeek.trend), 1);
  });
});

describe('analyse_with_llm', () => {
  beforeEach(withoutProvider);

  it('computes three key insights and says that no language model was asked', async () => {
    const { trend: points, breakdown: parts } = await readQuarter();

    const analysis = await callTask(analyse, {
      trend: { ...trend, points },
      breakdown: { ...breakdown, points: parts },
      ...model,
    });

    expect(analysis).toEqual({
      insights: [
        'Revenue rose by 11.5%: €34,366 a week on average in the second half of the period, after €30,832 in the first.',
        'Revenue peaked at €38,799 in the week of Feb 12, 17.3% above the average week.',
        'Materials is the largest part of costs: €137,323, 48.9% of €280,873.',
      ],
      source: 'offline analysis, no language model',
      usage: { model: 'offline', calls: 1, input_tokens: 0, output_tokens: 0, cost_usd: 0 },
    });
  });

  it('M068: asks llama-3.3-70b-versatile for 3 key insights in at most 300 tokens, once', async () => {
    const insights = ['Revenue rose.', 'February was best.', 'Materials cost most.'];
    const server = await startModelServer(JSON.stringify({ insights }));
    const { trend: points, breakdown: parts } = await readQuarter();

    const analysis = await callTask(analyse, {
      trend: { ...trend, points },
      breakdown: { ...breakdown, points: parts },
      ...model,
    });

    expect(analysis).toMatchObject({
      insights,
      source: 'llama-3.3-70b-versatile',
      usage: { calls: 1, input_tokens: 10, output_tokens: 5 },
    });
    expect(server.requests).toMatchObject([{ model: 'llama-3.3-70b-versatile', max_tokens: 300 }]);
    expect(server.requests[0]?.messages[1]?.content).toContain(
      'Analyse this data summary and provide 3 key insights: {"trend":{',
    );
  });

  it('has no insights into nothing', async () => {
    const nothing = {
      trend: { ...trend, points: [] },
      breakdown: { ...breakdown, points: [] },
      ...model,
    };

    expect((await callTask(analyse, nothing)).insights).toEqual([]);
  });
});

describe('generate_charts', () => {
  it('draws revenue_trend.png and cost_breakdown.png as real pictures', async () => {
    const { directory, charts } = (await drawn()).output;

    expect(charts.map(({ file }) => file)).toEqual(['revenue_trend.png', 'cost_breakdown.png']);
    for (const { file } of charts) {
      const png = await readFile(join(directory, file));
      expect(png.subarray(0, 8)).toEqual(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
      // Width and height are the first two fields of the header chunk (PNG specification, section 11.2.1).
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1920, 960]);
      expect(png.length).toBeGreaterThan(20_000);
    }
  });

  it('gives each run a directory inside the output directory, whatever its id', async () => {
    const { directory } = (await drawn()).output;

    expect(directory).toBe(join(dataDirectory(), 'out', 'quarterly-report-q1%2F2025'));
  });

  it('draws the same pictures when it is repeated', async () => {
    const { output } = await drawn();
    const first = await readFile(join(output.directory, 'revenue_trend.png'));

    await drawn();

    expect(first.equals(await readFile(join(output.directory, 'revenue_trend.png')))).toBe(true);
  });

  it('draws empty charts when there are no rows', async () => {
    const input = {
      trend: { ...trend, points: [] },
      breakdown: { ...breakdown, points: [] },
      output_dir: join(dataDirectory(), 'out'),
    };

    const output = await callTask(generateCharts, input, { run });

    expect((await stat(join(output.directory, 'revenue_trend.png'))).size).toBeGreaterThan(1_000);
  });

  it('deletes its files and their directory when it is undone, also the second time', async () => {
    const step = await drawn();

    await undoTask(generateCharts, step);
    await undoTask(generateCharts, step);

    expect(existsSync(step.output.directory)).toBe(false);
  });

  it('leaves files of others alone when it is undone', async () => {
    const step = await drawn();
    const note = join(step.output.directory, 'note.txt');
    await writeFile(note, 'keep me');

    await undoTask(generateCharts, step);

    expect(existsSync(join(step.output.directory, 'cost_breakdown.png'))).toBe(false);
    expect(existsSync(note)).toBe(true);
  });
});

describe('compose_html_report', () => {
  it('writes one page with title, insights and both charts', async () => {
    const { output } = await composed(['One.', 'Two.', 'Three.']);

    const html = await readFile(output.report_path, 'utf8');

    expect(html).toContain('<h1>Quarterly Report - 2025-04-02</h1>');
    expect(html).toContain(
      '<h2>Key Insights</h2>\n<ul>\n<li>One.</li>\n<li>Two.</li>\n<li>Three.</li>\n</ul>',
    );
    expect(html).toContain('<h2>Charts</h2>');
    expect(html.match(/<img src="data:image\/png;base64,iVBOR/g)).toHaveLength(2);
    expect(output).toMatchObject({ subject: 'Quarterly Report - 2025-04-02' });
  });

  it('says so when there are no insights', async () => {
    const { output } = await composed([]);

    expect(await readFile(output.report_path, 'utf8')).toContain('<p>No insights generated</p>');
  });

  it('takes the date on which the run was started if none is given', async () => {
    const { output } = await composed(['One.'], { date: undefined });

    expect(output.subject).toBe('Quarterly Report - 2025-04-01');
  });

  it('escapes what it prints', async () => {
    const { output } = await composed(['<script>alert("&\'")</script>']);

    const html = await readFile(output.report_path, 'utf8');

    expect(html).toContain('<li>&lt;script&gt;alert(&quot;&amp;&#39;&quot;)&lt;/script&gt;</li>');
    expect(html).not.toContain('<script>');
  });

  it('deletes the report when it is undone, also the second time, and keeps the charts', async () => {
    const step = await composed(['One.']);

    await undoTask(composeHtmlReport, step);
    await undoTask(composeHtmlReport, step);

    expect(existsSync(step.output.report_path)).toBe(false);
    expect(existsSync(join(step.input.directory, 'revenue_trend.png'))).toBe(true);
  });
});

function readQuarter() {
  return callTask(loadData, { ...quarter, breakdown: [...quarter.breakdown] });
}

async function drawn() {
  const data = await readQuarter();
  const input = {
    trend: { ...trend, points: data.trend },
    breakdown: { ...breakdown, points: data.breakdown },
    output_dir: join(dataDirectory(), 'out'),
  };
  return { input, output: await callTask(generateCharts, input, { run }) };
}

async function composed(
  insights: string[],
  given: { date?: string | undefined } = { date: '2025-04-02' },
) {
  const { output } = await drawn();
  const input = {
    ...output,
    ...given,
    title: 'Quarterly Report',
    date_range: '2025-01-01 to 2025-03-31',
    insights,
    source: 'offline analysis, no language model',
  };
  return { input, output: await callTask(composeHtmlReport, input, { run }) };
}

function total(points: readonly { value: number }[]): number {
  return points.reduce((sum, { value }) => sum + value, 0);
}
