export interface ReportPage {
  readonly title: string;
  readonly date: string;
  readonly dateRange: string;
  readonly insights: readonly string[];
  /** Who or what wrote the insights. */
  readonly source: string;
  readonly charts: readonly {
    readonly file: string;
    readonly title: string;
    readonly png: Buffer;
  }[];
}

/** One page with everything in it: pictures are embedded, so the file can be moved or sent without the rest. */
export function renderReport(page: ReportPage): string {
  const heading = escapeHtml(`${page.title} - ${page.date}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${heading}</title>
<style>
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; color: #1f2937; background: #fff; }
  h1 { font-size: 1.75rem; margin-bottom: 0; }
  h2 { margin-top: 2rem; font-size: 1.25rem; }
  .aside { color: #6b7280; font-size: 0.875rem; }
  figure { margin: 1.5rem 0; border: 1px solid #e5e7eb; border-radius: 8px; overflow: hidden; }
  img { display: block; width: 100%; height: auto; }
</style>
</head>
<body>
<h1>${heading}</h1>
<p class="aside">${escapeHtml(page.dateRange)}</p>
<h2>Key Insights</h2>
${renderInsights(page)}
<h2>Charts</h2>
${page.charts.map(renderChart).join('\n')}
</body>
</html>
`;
}

function renderInsights({ insights, source }: ReportPage): string {
  if (insights.length === 0) return '<p>No insights generated</p>';
  const items = insights.map((insight) => `<li>${escapeHtml(insight)}</li>`);
  return `<ul>\n${items.join('\n')}\n</ul>\n<p class="aside">Source: ${escapeHtml(source)}</p>`;
}

function renderChart({ file, title, png }: ReportPage['charts'][number]): string {
  const picture = `data:image/png;base64,${png.toString('base64')}`;
  return `<figure id="${escapeHtml(file)}"><img src="${picture}" alt="${escapeHtml(title)}"></figure>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
