import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { PermanentError } from '../../src/index.ts';

const Device = z.object({
  device_id: z.string(),
  maintenance_history: z.string(),
  firmware: z.string(),
  latest_firmware: z.string(),
  /** The device's standing ticket at the service desk; an escalation adds an entry to it, which pages the engineer on call. */
  ticket_id: z.string(),
});
export type Device = z.infer<typeof Device>;

/**
 * Looks a device up in the maintenance records.
 *
 * @throws PermanentError if no such device is on record: asking again will not help
 */
export async function findDevice(deviceId: string): Promise<Device> {
  const text = await readFile(new URL('devices.json', import.meta.url), 'utf8');
  const device = z
    .array(Device)
    .parse(JSON.parse(text))
    .find((known) => known.device_id === deviceId);
  if (device === undefined) {
    throw new PermanentError(`Device "${deviceId}" is not in the maintenance records`);
  }
  return device;
}
