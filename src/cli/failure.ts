/** What a command says when it does not succeed, and its exit code. */
import { CommanderError } from 'commander';
import { type ErrorCode, SignalboxError } from '../errors.ts';
import { printable, toJsonText } from './escape.ts';
import { exitCodeOf, Interrupted } from './interruption.ts';
import { UsageError } from './usage-error.ts';

export interface Failure {
  /** Of {@link SignalboxError}, or `USAGE`, `INTERRUPTED`, `INTERNAL`. */
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly details: unknown;
  /** Present for bugs. */
  readonly stack: string | null;
  readonly exitCode: number;
}

/** What to do about it here; elsewhere the library's own words apply. */
const hints: { readonly [C in ErrorCode]?: string } = {
  DEFINITION_MISSING: 'Name the folder or module of its workflow with --machines',
  NOT_UNDONE: 'Accept that with --accept-not-undone --reason TEXT',
  RUN_NOT_FOUND: 'List the runs with "signalbox runs", or name another store with --store',
  WORKFLOW_UNKNOWN: 'Name the folder or module of your workflows with --machines',
};

/** Where a running service has answered: it knows the code it was started with. */
const served = 'A service has this store open and answered; start it anew with the new code';
const hintsOfService: { readonly [C in ErrorCode]?: string } = {
  DEFINITION_MISSING: served,
  WORKFLOW_UNKNOWN: served,
};

export function toFailure(error: unknown): Failure {
  const none = { hint: null, details: null, stack: null };
  if (error instanceof SignalboxError) {
    const { code, message, details } = error;
    return {
      ...none,
      code,
      message,
      details,
      hint:
        (details['answeredBy'] === 'service' ? hintsOfService[code] : undefined) ??
        hints[code] ??
        error.hint ??
        null,
      exitCode: 1,
    };
  }
  if (error instanceof UsageError) {
    return {
      ...none,
      code: 'USAGE',
      message: error.message,
      hint: error.hint ?? null,
      exitCode: 2,
    };
  }
  if (error instanceof CommanderError) {
    const isBare = error.code === 'commander.help';
    const message = isBare ? 'Say which command' : error.message.replace(/^error: /, '');
    const hint = 'Say "signalbox --help" or "signalbox COMMAND --help" for the usage';
    return { ...none, code: 'USAGE', message, hint, exitCode: 2 };
  }
  if (error instanceof Interrupted) {
    const exitCode = exitCodeOf(error.signal);
    const hint = 'Nothing is lost: "signalbox work" goes on with what was under way';
    return { ...none, code: 'INTERRUPTED', message: error.message, hint, exitCode };
  }
  const isFault = error instanceof Error;
  return {
    code: 'INTERNAL',
    message: isFault ? error.message : String(error),
    hint: 'This should not happen; --verbose shows where it did',
    details: null,
    stack: isFault ? (error.stack ?? null) : null,
    exitCode: 1,
  };
}

export function failureText(failure: Failure, verbose: boolean): string {
  const { code, message, hint, details, stack } = failure;
  const lines = message.split('\n').map(printable);
  if (hint !== null) lines.push(printable(hint));
  if (verbose && details !== null) lines.push(`${code} ${toJsonText(details)}`);
  if (verbose && stack !== null) lines.push(...stack.split('\n').map(printable));
  return lines.join('\n');
}

export function failureJson({ code, message, hint, details }: Failure, verbose: boolean): unknown {
  return { error: { code, message, hint, ...(verbose && details !== null ? { details } : {}) } };
}
