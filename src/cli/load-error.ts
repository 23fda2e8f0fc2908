/** Why a module could not be loaded, with the way out where Node names none. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export function toLoadError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const way = wayOut(error);
  return way === null ? error : new Error(`${error.message}. ${way}`, { cause: error });
}

function wayOut(error: Error): string | null {
  const { code, url } = error as Error & { readonly code?: string; readonly url?: string };
  if (/import statement outside a module|Unexpected token 'export'/.test(error.message))
    return 'Set "type": "module" in package.json: npm pkg set type=module';
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return 'Node runs TypeScript whose types can be taken out; compile this, and name the JavaScript';
  if (code === 'ERR_MODULE_NOT_FOUND' && url !== undefined && isSourceOf(url))
    return 'Name the file as it is, with .ts, or compile the folder and name the compiled one';
  return null;
}

/** `./tasks.js` stands for `tasks.ts` to a compiler, not to Node. */
function isSourceOf(url: string): boolean {
  return /^file:.*\.m?js$/.test(url) && existsSync(fileURLToPath(url.replace(/js$/, 'ts')));
}
