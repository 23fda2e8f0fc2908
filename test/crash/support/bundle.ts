/** A program with what it imports in one file: most of the life of a child that is killed at once would be loading five hundred modules. */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'vite';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Modules go on finding the files beside them. */
const whereTheyWere: Plugin = {
  name: 'where-they-were',
  enforce: 'pre',
  transform: (code, id) =>
    code
      .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
      .replaceAll('import.meta.filename', JSON.stringify(id)),
};

/** @returns its file, the same at every call in this worker: compiled code is cached by name */
export async function bundle(script: string): Promise<string> {
  const outDir = join(root, 'dist', 'tests', process.env['VITEST_POOL_ID'] ?? '0');
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    plugins: [whereTheyWere],
    ssr: { noExternal: ['zod', '@opentelemetry/api'] },
    build: {
      ssr: script,
      outDir,
      emptyOutDir: true,
      minify: false,
      target: 'node22',
      rolldownOptions: { output: { entryFileNames: 'program.js' } },
    },
  });
  return join(outDir, 'program.js');
}
