import type { Font } from './text.ts';
import { element, type Markup } from './xml.ts';

interface Setting {
  readonly x: number;
  /** Of the base line. */
  readonly y: number;
  readonly font: Font;
  readonly colours: Readonly<Record<string, string>>;
  readonly anchor?: 'start' | 'middle' | 'end';
}

export function text(
  written: string,
  { x, y, font, colours, anchor }: Setting,
  ...more: readonly Markup[]
): Markup {
  const attributes = {
    x: round(x),
    y: round(y),
    'text-anchor': anchor,
    'font-size': font.size,
    'font-weight': font.isBold === true ? 600 : undefined,
    ...colours,
  };
  return element('text', attributes, written, ...more);
}

/** Tenths of a pixel: exact enough, and the same text on every machine. */
export function round(length: number): number {
  return Math.round(length * 10) / 10;
}
