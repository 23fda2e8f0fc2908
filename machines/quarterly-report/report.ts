import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import type { Figure } from './figures.ts';
import type { Measure, Period } from './orders.ts';
import { analyse, composeHtmlReport, generateCharts, loadData, sendEmail } from './tasks.ts';

/** What makes one report differ from another; everything else is the template. */
export interface ReportType {
  /** Of the workflow. */
  readonly name: string;
  readonly version: number;
  /** The report is headed `{title} - {date}`. */
  readonly title: string;
  readonly recipient: string;
  readonly trend: Figure & { readonly measure: Measure; readonly per: Period };
  readonly breakdown: Figure & { readonly measures: readonly Measure[] };
}

const ReportInput = z
  .object({
    from: z.iso.date().describe('First day of the range'),
    to: z.iso.date().describe('Last day of the range'),
    date: z.iso
      .date()
      .optional()
      .describe('Date in the title; default: the day the run was started'),
    output_dir: z.string().min(1).optional().describe('Each run gets a directory in it'),
  })
  .refine(({ from, to }) => from <= to, { path: ['to'], error: 'must not be before "from"' });

const languageModel = { model: 'llama-3.3-70b-versatile', max_tokens: 300 };

/** The template of all reports: load, analyse, draw, compose, send. Start it by hand, by an event or by a schedule. */
export function defineReport(type: ReportType) {
  const { measure, per, ...trendFigure } = type.trend;
  const { measures, ...breakdownFigure } = type.breakdown;

  return defineWorkflow({
    name: type.name,
    version: type.version,
    description: `${type.title}: figures, insights and charts, mailed to ${type.recipient}.`,
    owner: 'Reporting',
    input: ReportInput,
    steps(w) {
      const data = w.task('load_data', loadData, {
        input: { from: w.input.$.from, to: w.input.$.to, trend: measure, per, breakdown: measures },
      });
      const trend = { ...trendFigure, per, points: data.$.trend };
      const breakdown = { ...breakdownFigure, points: data.$.breakdown };

      const analysis = w.task('analyse_with_llm', analyse, {
        input: { trend, breakdown, ...languageModel },
      });
      const drawn = w.task('generate_charts', generateCharts, {
        input: { trend, breakdown, output_dir: w.input.$.output_dir },
        // No data flows, but nothing is written to disk before the analysis has succeeded.
        after: [analysis],
      });
      const report = w.task('compose_html_report', composeHtmlReport, {
        input: {
          title: type.title,
          date: w.input.$.date,
          date_range: data.$.date_range,
          insights: analysis.$.insights,
          source: analysis.$.source,
          directory: drawn.$.directory,
          charts: drawn.$.charts,
        },
      });
      return w.task('send_email', sendEmail, {
        // A person has this long to find out whether a mail without a verdict was sent.
        within: '3d',
        input: {
          report_path: report.$.report_path,
          sha256: report.$.sha256,
          subject: report.$.subject,
          to: type.recipient,
        },
      });
    },
  });
}
