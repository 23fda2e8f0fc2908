import { Broken } from './compare.ts';

/** Of real time; an execution takes milliseconds, in a process of its own a second or two. */
const limitMs = 60_000;

/** @throws Broken if the work does not end: whoever waits for ever must not be waited for */
export async function withTimeLimit<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Broken(`Does not end within ${limitMs / 1_000} s`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
