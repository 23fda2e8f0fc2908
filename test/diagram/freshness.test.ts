import { describe, expect, it } from 'vitest';
import { stalePictures } from '../../scripts/draw.ts';

describe('docs/diagrams', () => {
  it('holds the pictures that the definitions yield today, and no others; `npm run draw` brings them up to date', async () => {
    expect([...(await stalePictures()).keys()]).toEqual([]);
  });
});
