/**
 * A map whose changes are staged and then either published together or discarded. Writers see what is staged; readers only what is
 * published.
 */
export interface Table<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
  readonly published: ReadonlyMap<string, V>;
  /** `undefined` stands for a deletion. */
  readonly staged: ReadonlyMap<string, V | undefined>;
  publish(): void;
  discard(): void;
  /** Puts a value in without staging it: a copy of what is stored elsewhere. */
  keep(key: string, value: V): void;
  /** Drops the value without deleting it where it is stored. */
  forget(key: string): void;
}

export function createTable<V>(): Table<V> {
  const published = new Map<string, V>();
  const staged = new Map<string, V | undefined>();
  return {
    published,
    staged,
    get: (key) => (staged.has(key) ? staged.get(key) : published.get(key)),
    set: (key, value) => void staged.set(key, value),
    delete: (key) => void staged.set(key, undefined),
    publish() {
      for (const [key, value] of staged) {
        if (value === undefined) published.delete(key);
        else published.set(key, value);
      }
      staged.clear();
    },
    discard: () => staged.clear(),
    keep: (key, value) => void published.set(key, value),
    forget: (key) => void published.delete(key),
  };
}
