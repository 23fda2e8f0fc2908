import type { Store } from '../../ports/store.ts';

/** What a store does beyond the port's minimum; cases that need more are skipped. */
export interface StoreSupport {
  /** What was committed is there when the place is opened again; `backup` works. */
  readonly persistent: boolean;
  /** Two stores may be open on one place at once. */
  readonly concurrent: boolean;
}

/** A store of one case, in a place of its own. */
export interface StoreBench {
  /** Empty at first. */
  readonly store: Store;
  /** Closes every store of the place and opens it again. */
  reopen(): Promise<Store>;
  /** One more store on the same place. */
  openAnother(): Promise<Store>;
  /** Opens another place. */
  openAt(location: string): Promise<Store>;
  /** A path at which there is nothing yet. */
  freshLocation(): string;
}

/** One test of the store contract. `needs`: what the store must support; `null`: nothing beyond the port. */
export interface StoreCase {
  readonly name: string;
  readonly needs: keyof StoreSupport | null;
  readonly run: (bench: StoreBench) => Promise<void>;
}

export function storeCase(
  name: string,
  run: StoreCase['run'],
  needs: keyof StoreSupport | null = null,
): StoreCase {
  return { name, needs, run };
}
