/** Imports that look at the files again: Node itself keeps a module for as long as the process lives. */
import { registerHooks } from 'node:module';

const parameter = 'signalbox-generation';
/** Folders whose modules are loaded anew; what lies elsewhere, or in `node_modules`, is shared with the rest of the process. */
const folders = new Set<string>();
let isHooked = false;

/**
 * Imports a module and all that it imports below the folder as they are now. Earlier generations stay in memory, so this is for development.
 *
 * @param folder - with a slash at its end
 */
export async function importFresh(
  module: URL,
  folder: URL,
  generation: number,
): Promise<Record<string, unknown>> {
  hook();
  folders.add(folder.href);
  const fresh = new URL(module);
  fresh.searchParams.set(parameter, String(generation));
  return import(fresh.href);
}

function hook(): void {
  if (isHooked) return;
  isHooked = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const generation = generationOf(context.parentURL);
      if (generation === null || !isReloaded(resolved.url)) return resolved;
      const url = new URL(resolved.url);
      url.searchParams.set(parameter, generation);
      return { ...resolved, url: url.href };
    },
  });
}

function generationOf(url: string | undefined): string | null {
  if (url === undefined || !url.includes(parameter)) return null;
  return new URL(url).searchParams.get(parameter);
}

function isReloaded(url: string): boolean {
  if (url.includes('/node_modules/')) return false;
  return [...folders].some((folder) => url.startsWith(folder));
}
