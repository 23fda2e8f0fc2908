/** Turns texts into vectors, such that texts that mean the like lie close together. */
export interface Embedder {
  /** Of the model; vectors of different models must not be compared. */
  readonly name: string;
  /** One vector a text, in the same order. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]>;
}
