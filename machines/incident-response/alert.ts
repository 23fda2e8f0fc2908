import { z } from 'zod';

export const Alert = z.object({
  device_id: z.string().min(1).max(100).describe('Device that raised the alert'),
  error: z.string().min(1).max(500).describe('Error code reported by the device'),
});

export const Diagnosis = z.object({
  summary: z.string(),
  action: z.string(),
  /** What the action installs. */
  target_firmware: z.string(),
});
