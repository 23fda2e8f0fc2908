/** Drawings as PNG, without a browser and whatever fonts a machine has: the SVG of `drawSvg`, rasterised by Skia with a font that comes as a package. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type * as CanvasPackage from '@napi-rs/canvas';
import { SignalboxError } from '../../errors.ts';

/** Letters that no file of the font has are left out; each file has a part of Unicode. */
const subsets = ['latin', 'latin-ext', 'greek', 'cyrillic'];
const weights = [400, 600];
const family = 'Signalbox Diagram';

/** Beyond this, in either direction, Skia has no surface; the picture is made smaller instead. */
const maxPixels = 16_000;

/**
 * @param svg - as `drawSvg` gives it; with the theme `auto` it is shown light
 * @param scale - pixels of the picture for one of the drawing
 * @returns the bytes of a PNG file
 * @throws SignalboxError `PACKAGE_MISSING` if `@napi-rs/canvas` or `@fontsource/inter` is not installed
 */
export async function toPng(svg: string, scale = 2): Promise<Uint8Array> {
  const { createCanvas, loadImage } = await loadCanvas();
  const [, width = 0, height = 0] = (/<svg[^>]* width="(\d+)" height="(\d+)"/.exec(svg) ?? []).map(
    Number,
  );
  const factor = Math.min(scale, maxPixels / Math.max(width, height, 1));
  const pixels = { width: Math.round(width * factor), height: Math.round(height * factor) };
  // Scaled as a drawing, not as a picture: it stays sharp.
  const scaled = svg
    .replace(/ width="\d+" height="\d+"/, ` width="${pixels.width}" height="${pixels.height}"`)
    .replace(/ font-family="[^"]*"/, ` font-family="${family}"`);
  const canvas = createCanvas(pixels.width, pixels.height);
  canvas.getContext('2d').drawImage(await loadImage(Buffer.from(scaled)), 0, 0);
  return canvas.encode('png');
}

type Canvas = Pick<typeof CanvasPackage, 'createCanvas' | 'loadImage'>;
let loaded: Promise<Canvas> | undefined;

function loadCanvas(): Promise<Canvas> {
  loaded ??= withFonts();
  return loaded;
}

async function withFonts(): Promise<Canvas> {
  try {
    const canvas = await import('@napi-rs/canvas');
    for (const subset of subsets) {
      for (const weight of weights) {
        const file = import.meta.resolve(
          `@fontsource/inter/files/inter-${subset}-${weight}-normal.woff2`,
        );
        canvas.GlobalFonts.register(await readFile(fileURLToPath(file)), family);
      }
    }
    return canvas;
  } catch (cause) {
    loaded = undefined;
    throw new SignalboxError(
      'PACKAGE_MISSING',
      'PNG pictures need two packages that are not installed',
      {
        cause,
        hint: 'Run `npm install @napi-rs/canvas @fontsource/inter`, or ask for SVG',
      },
    );
  }
}
