/** A refusal of the service: problem details (RFC 9457) with the code of the error. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly status: number;
  /** Stable, upper case, as in docs/errors.md; `UNREADABLE` if the answer was none of the service's. */
  readonly code: string;
  readonly hint: string | undefined;
  /** The whole answer. */
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(status: number, problem: Readonly<Record<string, unknown>>) {
    const { detail, title, code, hint } = problem;
    super(
      [detail, title].find((text) => typeof text === 'string') ?? `The service answered ${status}`,
    );
    this.status = status;
    this.code = typeof code === 'string' ? code : 'UNREADABLE';
    this.hint = typeof hint === 'string' ? hint : undefined;
    this.problem = problem;
  }

  static async from(response: Response): Promise<ServiceError> {
    const problem: unknown = await response.json().catch(() => null);
    const isObject = typeof problem === 'object' && problem !== null;
    return new ServiceError(response.status, isObject ? { ...problem } : {});
  }
}
