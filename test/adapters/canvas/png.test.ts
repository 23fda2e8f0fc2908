import { loadImage } from '@napi-rs/canvas';
import { describe, expect, it } from 'vitest';
import { toPng } from '../../../src/adapters/canvas/index.ts';
import { drawSvg } from '../../../src/diagram/draw.ts';
import { fork } from '../../diagram/samples.ts';

describe('toPng', () => {
  it('gives twice the pixels of the drawing, the same bytes each time', async () => {
    const svg = await drawSvg(fork.plan, { theme: 'light' });
    const [, width, height] = (/ width="(\d+)" height="(\d+)"/.exec(svg) ?? []).map(Number);

    const png = await toPng(svg);
    const { width: wide, height: high } = await loadImage(Buffer.from(png));

    expect([wide, high]).toEqual([2 * (width ?? 0), 2 * (height ?? 0)]);
    expect(Buffer.from(await toPng(svg)).equals(png)).toBe(true);
  });

  it('draws letters: another name is another picture', async () => {
    const svg = await drawSvg(fork.plan, { theme: 'light' });

    const other = await toPng(svg.replaceAll('>middle<', '>muddle<'));

    expect(Buffer.from(other).equals(await toPng(svg))).toBe(false);
  });

  it('makes a drawing smaller that would be too large for a picture', async () => {
    const svg = (await drawSvg(fork.plan)).replace(/ width="\d+"/, ' width="40000"');

    const { width } = await loadImage(Buffer.from(await toPng(svg)));

    expect(width).toBe(16_000);
  });
});
