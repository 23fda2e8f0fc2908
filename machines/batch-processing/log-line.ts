import { z } from 'zod';

export const LogLine = z.object({ path: z.string(), status: z.int(), bytes: z.int() });
export type LogLine = z.infer<typeof LogLine>;

/** `192.0.2.7 - kim [10/Oct/2025:13:55:36 +0000] "GET /index.html HTTP/1.1" 200 2326`: the Common Log Format of web servers. */
const commonLogFormat =
  /^\S+ \S+ \S+ \[[^\]]{1,40}\] "[A-Z]{1,10} (?<path>\S{1,2000}) HTTP\/[\d.]{1,3}" (?<status>[1-5]\d\d) (?<bytes>\d{1,12}|-)$/;

/** `null` if it is no such line. */
export function parseLogLine(text: string): LogLine | null {
  const { path, status, bytes } = commonLogFormat.exec(text)?.groups ?? {};
  if (path === undefined || status === undefined || bytes === undefined) return null;
  return { path, status: Number(status), bytes: bytes === '-' ? 0 : Number(bytes) };
}
