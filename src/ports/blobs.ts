/** Large values beside the runs: content-addressed, immutable, referred to from inputs and outputs. */
import { z } from 'zod';

/** Takes the place of a large value (claim check). Two references to the same content are equal but for their media type. */
export const BlobRef = z.strictObject({
  /** Name of the blob store it is in. */
  $blob: z.string().min(1).max(100),
  bytes: z.int().nonnegative(),
  /** SHA-256 of the content, in hex; it is also the address. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  mediaType: z.string().min(1).max(200),
});
export type BlobRef = z.infer<typeof BlobRef>;

/** Content to store: a text (as UTF-8), bytes, or pieces of either. */
export type BlobSource = string | Uint8Array | AsyncIterable<string | Uint8Array>;

/** Keeps values that are too large for a run, by the SHA-256 of their content. */
export interface BlobStore {
  readonly name: string;
  /**
   * Stores content; durable when it resolves, so that a reference is never recorded before what it refers to. Storing the same content again
   * gives the same address.
   *
   * @param options.mediaType - default `application/octet-stream`
   * @throws SignalboxError `PAYLOAD_TOO_LARGE`; what was written of it is removed
   */
  put(
    source: BlobSource,
    options?: { readonly mediaType?: string; readonly signal?: AbortSignal },
  ): Promise<BlobRef>;
  /**
   * The content, piece by piece, in bounded memory. Length and digest are checked on the way: content that was changed ends with an error, not
   * with its end.
   *
   * @throws SignalboxError `BLOB_MISSING`, `BLOB_DAMAGED`
   */
  read(ref: BlobRef, options?: { readonly signal?: AbortSignal }): AsyncIterable<Uint8Array>;
  /**
   * The whole content, checked before it is given out.
   *
   * @param options.maxBytes - default 16 MiB
   * @throws SignalboxError `BLOB_MISSING`, `BLOB_DAMAGED`, `PAYLOAD_TOO_LARGE`
   */
  bytes(
    ref: BlobRef,
    options?: { readonly maxBytes?: number; readonly signal?: AbortSignal },
  ): Promise<Uint8Array>;
  /**
   * Removes what nobody refers to.
   *
   * @param isUsed - asked with the address of each candidate
   * @param options.unusedForMs - content put or put again since then stays: its reference may not be recorded yet. Default 24 hours
   * @returns the addresses removed; with `dryRun` those that would be
   */
  sweep(
    isUsed: (sha256: string) => boolean,
    options?: { readonly unusedForMs?: number; readonly dryRun?: boolean },
  ): Promise<readonly string[]>;
}
