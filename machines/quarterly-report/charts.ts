import { fileURLToPath } from 'node:url';
import { createCanvas, GlobalFonts } from '@napi-rs/canvas';
import { Chart, type ChartConfiguration, registerables } from 'chart.js';
import {
  type Breakdown,
  capitalised,
  formatAmount,
  formatDay,
  formatShare,
  sum,
  type Trend,
} from './figures.ts';

const widthPx = 960;
const heightPx = 480;
/** Pictures have twice as many pixels, so that they stay sharp on dense screens. */
const pixelRatio = 2;
const ink = '#1f2937';
const muted = '#6b7280';
const grid = '#e5e7eb';
const blue = '#2563eb';
const shades = ['#1d4ed8', '#3b82f6', '#60a5fa', '#93c5fd'];

// The font comes along as a package: what a server has installed would otherwise decide how, or whether, text is drawn.
for (const weight of [400, 600]) {
  const file = import.meta.resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff2`);
  GlobalFonts.registerFromPath(fileURLToPath(file), 'Inter');
}
Chart.register(...registerables);
Chart.defaults.font.family = 'Inter';
Chart.defaults.font.size = 13;
Chart.defaults.color = muted;

/** The points as a line over time, as PNG. */
export function drawTrend(figure: Trend): Buffer {
  const { points, unit } = figure;
  return draw(figure.title, {
    type: 'line',
    data: {
      labels: points.map(({ label }) => formatDay(label)),
      datasets: [
        {
          data: points.map(({ value }) => value),
          borderColor: blue,
          backgroundColor: `${blue}1f`,
          pointBackgroundColor: '#ffffff',
          pointBorderWidth: 2,
          pointRadius: 4,
          borderWidth: 3,
          cubicInterpolationMode: 'monotone',
          fill: true,
        },
      ],
    },
    options: {
      scales: {
        x: { grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 16 } },
        y: {
          beginAtZero: true,
          border: { display: false },
          grid: { color: grid },
          ticks: { maxTicksLimit: 6, callback: (value) => formatAmount(Number(value), unit) },
        },
      },
    },
  });
}

/** The points as bars, each with its amount and share, as PNG. */
export function drawBreakdown(figure: Breakdown): Buffer {
  const { points, unit } = figure;
  const total = sum(points);
  return draw(figure.title, {
    type: 'bar',
    data: {
      labels: points.map(({ label, value }) => [
        capitalised(label),
        `${formatAmount(value, unit)} · ${formatShare(value, total)}`,
      ]),
      datasets: [
        {
          data: points.map(({ value }) => value),
          backgroundColor: points.map((_, index) => shades[index % shades.length] ?? blue),
          borderRadius: 4,
          barPercentage: 0.75,
        },
      ],
    },
    options: {
      indexAxis: 'y',
      scales: {
        x: {
          beginAtZero: true,
          border: { display: false },
          grid: { color: grid },
          ticks: { maxTicksLimit: 6, callback: (value) => formatAmount(Number(value), unit) },
        },
        y: { grid: { display: false }, ticks: { color: ink } },
      },
    },
  });
}

function draw(title: string, config: ChartConfiguration): Buffer {
  const canvas = createCanvas(widthPx, heightPx);
  const context = canvas.getContext('2d');
  const chart = new Chart(context, {
    ...config,
    options: {
      ...config.options,
      animation: false,
      responsive: false,
      devicePixelRatio: pixelRatio,
      layout: { padding: { top: 20, right: 48, bottom: 20, left: 24 } },
      plugins: {
        legend: { display: false },
        title: {
          display: true,
          text: title,
          align: 'start',
          color: ink,
          font: { size: 20, weight: 600 },
          padding: { bottom: 24 },
        },
      },
    },
    plugins: [{ id: 'background', beforeDraw: paintWhite }],
  });
  try {
    return canvas.toBuffer('image/png');
  } finally {
    chart.destroy();
  }
}

/** Mail readers in dark mode show what is transparent as black. */
function paintWhite({ ctx, width, height }: Chart): void {
  ctx.save();
  ctx.fillStyle = '#ffffff';
  ctx.fillRect(0, 0, width, height);
  ctx.restore();
}
