import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { drawSvg } from '../../src/diagram/draw.ts';
import { graphOf } from '../../src/diagram/graph-of.ts';
import { place } from '../../src/diagram/layout.ts';
import { defineWorkflow } from '../../src/index.ts';
import { everything, fork, hostile } from './samples.ts';
import { wellFormed } from './well-formed.ts';

describe('drawSvg', () => {
  it('draws the same plan the same way, byte by byte', async () => {
    const drawn = await Promise.all([everything, everything].map(({ plan }) => drawSvg(plan)));
    const restored = JSON.parse(JSON.stringify(everything.plan)) as typeof everything.plan;

    expect(drawn[0]).toBe(drawn[1]);
    expect(await drawSvg(restored)).toBe(drawn[0]);
  });

  it('draws the states the same way too, each inside the one around it and clear of those beside it', async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(() => drawSvg(everything.plan, { view: 'states' })),
    );
    const { nodes } = await place(graphOf(everything.plan, 'states'));
    const at = new Map(nodes.map((placed) => [placed.node.id, placed]));

    expect(first).toBe(second);
    for (const placed of nodes) {
      const around = at.get(placed.node.parent ?? '');
      if (around !== undefined) {
        expect(placed.x).toBeGreaterThan(around.x);
        expect(placed.y).toBeGreaterThan(around.y);
        expect(placed.x + placed.box.width).toBeLessThan(around.x + around.box.width);
        expect(placed.y + placed.box.height).toBeLessThan(around.y + around.box.height);
      }
      for (const other of nodes)
        if (other !== placed && other.node.parent === placed.node.parent)
          expect(overlap(placed, other)).toBe(false);
    }
  });

  it('shows every step of every kind, with its name', async () => {
    const svg = await drawSvg(everything.plan);

    for (const { id, kind, title } of graphOf(everything.plan).nodes) {
      expect(svg).toContain(`data-node="${id}" data-kind="${kind}"`);
      expect(svg).toContain(`>${title}</text>`);
    }
    expect(svg).toContain('>kind is voucher</text>');
    expect(svg).toContain('>irreversible</text>');
  });

  it('goes on beside where a long chain would run off the page', async () => {
    const chain = defineWorkflow({
      name: 'chain',
      version: 1,
      input: z.number(),
      steps(w) {
        w.sequence(() => {
          for (let index = 0; index < 30; index += 1) w.sleep(`nap_${index}`, { for: '1s' });
        });
        return w.input;
      },
    });

    for (const view of ['steps', 'states'] as const) {
      const { width, height, nodes } = await place(graphOf(chain.plan, view));
      const columns = new Set(
        nodes.filter(({ node }) => node.kind === 'sleep').map(({ x }) => Math.round(x / 100)),
      );
      expect(columns.size).toBeGreaterThan(2);
      expect(height).toBeLessThan(2 * width);
    }
  });

  it('puts the arms of a fork side by side in order of declaration, without overlap', async () => {
    const { nodes, width, height } = await place(graphOf(fork.plan));
    const at = new Map(nodes.map((placed) => [placed.node.id, placed]));
    const [left, middle] = [at.get('left'), at.get('middle')];

    expect(left?.y).toBe(middle?.y);
    expect(left?.x).toBeLessThan(middle?.x ?? 0);
    for (const a of nodes) {
      expect(a.x + a.box.width).toBeLessThanOrEqual(width);
      expect(a.y + a.box.height).toBeLessThanOrEqual(height);
      for (const b of nodes) expect(a !== b && overlap(a, b)).toBe(false);
    }
  });

  it('connects every edge at both ends and draws it downwards', async () => {
    const { nodes, edges } = await place(graphOf(everything.plan));
    const at = new Map(nodes.map((placed) => [placed.node.id, placed]));

    for (const { edge, points } of edges) {
      const [from, to] = [at.get(edge.from), at.get(edge.to)];
      expect(points.at(0)?.y).toBe((from?.y ?? 0) + (from?.box.height ?? 0));
      expect(points.at(-1)?.y).toBe(to?.y);
    }
  });

  it('is one well-formed document whatever the labels are, and none of them becomes an element', async () => {
    const harmless = wellFormed(await drawSvg(everything.plan));
    const svg = await drawSvg(hostile.plan);
    const { elements, attributes } = wellFormed(svg);

    expect(elements.filter((name) => !harmless.elements.includes(name))).toEqual([]);
    expect(attributes.filter((name) => !harmless.attributes.includes(name))).toEqual([]);
    expect(svg).toContain('&quot;&lt;/text&gt;&lt;script&gt;');
    expect(svg).not.toContain('<script');
  });

  it('follows the reader between light and dark, or stays at one of them', async () => {
    const [auto, light, dark] = await Promise.all(
      (['auto', 'light', 'dark'] as const).map((theme) => drawSvg(fork.plan, { theme })),
    );

    expect(auto).toContain('@media (prefers-color-scheme:dark)');
    expect(light).not.toContain('<style>');
    expect(dark).not.toContain('<style>');
    expect(light?.replaceAll(/#[0-9a-f]{6}/g, '')).toBe(dark?.replaceAll(/#[0-9a-f]{6}/g, ''));
    expect(auto?.replace(/<style>.*<\/style>\n/, '').replaceAll(/ class="sb-[a-z-]+"/g, '')).toBe(
      light,
    );
  });

  it('names no font, picture or address outside the document', async () => {
    const svg = await drawSvg(everything.plan);

    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|url\(|href|@import|@font-face/,
    );
  });
});

interface Placed {
  readonly x: number;
  readonly y: number;
  readonly box: { readonly width: number; readonly height: number };
}

function overlap(a: Placed, b: Placed): boolean {
  return (
    a.x < b.x + b.box.width &&
    b.x < a.x + a.box.width &&
    a.y < b.y + b.box.height &&
    b.y < a.y + a.box.height
  );
}
