/** Where in the code something is defined: read from the stack at the moment of its definition, and never stored. */
import type { CodePlace } from '../ports/bindings.ts';

/** Frames of this package that may lie above the caller's: a step inside a branch of an agent's proposal. */
const maxFrames = 16;
/** The folder of this package's code. In a bundle it is that of all code, and no place is known. */
const own = pathOf(new URL('..', import.meta.url).href);

/**
 * Remembers who has called into this package. It costs microseconds; the stack becomes text when somebody asks.
 *
 * @returns `null` if the runtime does not say
 */
export function callerPlace(): () => CodePlace | null {
  const holder: { stack?: unknown } = {};
  const { stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = maxFrames;
    Error.captureStackTrace?.(holder, callerPlace);
    Error.stackTraceLimit = stackTraceLimit;
  } catch {
    // Frozen: a definition is worth more than its place.
    return () => null;
  }
  let place: CodePlace | null | undefined;
  return () => {
    if (place !== undefined) return place;
    place = typeof holder.stack === 'string' ? callerIn(holder.stack, own) : null;
    // What it holds on to is not needed any more.
    delete holder.stack;
    return place;
  };
}

/**
 * The first frame outside a folder, of a stack as V8 writes it.
 *
 * @param folder - a path with a slash at its end
 */
export function callerIn(stack: string, folder: string): CodePlace | null {
  for (const line of stack.split('\n')) {
    const [, where = '', row = '', column = ''] =
      /^\s*at (?:async )?(?:.*\()?((?:file:\/\/|\/|[A-Za-z]:[\\/]).*?):(\d+):(\d+)\)?$/.exec(
        line,
      ) ?? [];
    if (where === '') continue;
    const file = pathOf(where);
    if (!file.startsWith(folder)) return { file, line: Number(row), column: Number(column) };
  }
  return null;
}

/** Of a file URL, without what follows a question mark; a path stays as it is. */
function pathOf(where: string): string {
  if (!where.startsWith('file://')) return where;
  const { pathname } = new URL(where);
  return decodeURIComponent(pathname.replace(/^\/(?=[A-Za-z]:\/)/, ''));
}
