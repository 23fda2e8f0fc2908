/** A mail server on this machine that puts what it gets into a folder, to be looked at. */
import { mkdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

/** @returns its address, as `SMTP_URL` takes it */
export async function startMailbox(
  folder: string,
): Promise<{ readonly url: string; close(): void }> {
  await mkdir(folder, { recursive: true });
  let count = 0;
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    async onData(stream, _session, done) {
      await writeFile(join(folder, `${Date.now()}-${(count += 1)}.eml`), await text(stream));
      done();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return { url: `smtp://127.0.0.1:${port}`, close: () => server.close(() => {}) };
}
