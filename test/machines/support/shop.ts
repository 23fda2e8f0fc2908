import { beforeEach, expect } from 'vitest';
import { type Platform, standInOf } from '../../../machines/platform.ts';
import { carrier, payments, warehouse } from '../../../machines/shop.ts';

/** No test of the file finds faults or counts that another has left. */
export function useShop(): void {
  beforeEach(async () => {
    for (const platform of [warehouse, payments, carrier]) (await standInOf(platform)).reset();
  });
}

/** What a stand-in answers to a GET. */
export async function ask(platform: Platform, path: string, status = 200): Promise<unknown> {
  const response = await fetch(`${(await standInOf(platform)).url}${path}`);
  expect(response.status).toBe(status);
  return response.json();
}
