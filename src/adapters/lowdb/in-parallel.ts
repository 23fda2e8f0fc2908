/** Calls `work` for every value, at most `limit` at a time. If one fails, waits for those begun and throws the first error. */
export async function inParallel<T>(
  values: Iterable<T>,
  work: (value: T) => Promise<void>,
  limit = 16,
): Promise<void> {
  const remaining = values[Symbol.iterator]();
  const errors: unknown[] = [];
  async function lane(): Promise<void> {
    for (
      let next = remaining.next();
      errors.length === 0 && next.done !== true;
      next = remaining.next()
    ) {
      try {
        await work(next.value);
      } catch (error) {
        errors.push(error);
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, lane));
  if (errors.length > 0) throw errors[0];
}
