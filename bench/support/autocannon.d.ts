/** What the benches use of it; it brings no types. */
declare module 'autocannon' {
  interface SentRequest {
    readonly method?: string;
    readonly path?: string;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  }
  interface Result {
    readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
    readonly requests: { readonly average: number; readonly total: number };
    readonly errors: number;
    readonly timeouts: number;
    readonly non2xx: number;
  }
  interface Options {
    readonly url: string;
    readonly connections: number;
    readonly duration: number;
    readonly requests: readonly {
      readonly setupRequest: (request: SentRequest, context: { id?: string }) => SentRequest;
      readonly onResponse: (status: number, body: string, context: { id?: string }) => void;
    }[];
  }
  export default function autocannon(options: Options): Promise<Result>;
}
