/** Process pages with their drawings, and how those on disk differ from what the definitions yield today. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pageProofs } from '../analysis/page-proofs.ts';
import { drawSvg } from '../diagram/draw.ts';
import { pageMark, processPage } from '../diagram/process-page.ts';
import type { RunnableWorkflow } from '../ports/bindings.ts';

/** Name of a file in the folder to what it should hold. */
export type Pages = ReadonlyMap<string, string>;

export interface StalePage {
  readonly file: string;
  /** What should be done about it. */
  readonly kind: 'missing' | 'changed' | 'superfluous';
  /** The first line that differs, counted from 1; `null` where lines say nothing. */
  readonly difference: {
    readonly line: number;
    readonly committed: string;
    readonly wanted: string;
  } | null;
}

/** Of several versions of a workflow the newest. */
export async function processPages(workflows: readonly RunnableWorkflow[]): Promise<Pages> {
  const newest = new Map<string, RunnableWorkflow>();
  for (const workflow of workflows.toSorted((a, b) => a.version - b.version))
    newest.set(workflow.name, workflow);
  const pages = new Map<string, string>();
  for (const [name, workflow] of newest) {
    const pictures = { steps: `${name}.svg`, states: `${name}.states.svg` };
    const { plan } = workflow;
    pages.set(`${name}.md`, processPage(plan, pictures, pageProofs(workflow)));
    pages.set(pictures.steps, await drawSvg(plan));
    pages.set(pictures.states, await drawSvg(plan, { view: 'states' }));
  }
  return pages;
}

export async function stalePages(folder: string, pages: Pages): Promise<readonly StalePage[]> {
  const stale: StalePage[] = [];
  for (const [file, wanted] of pages) {
    const committed = await readIfThere(join(folder, file));
    if (committed === null) stale.push({ file, kind: 'missing', difference: null });
    else if (committed !== wanted)
      stale.push({
        file,
        kind: 'changed',
        difference: file.endsWith('.md') ? firstDifference(committed, wanted) : null,
      });
  }
  const superfluous = await generatedFiles(folder);
  for (const file of superfluous)
    if (!pages.has(file)) stale.push({ file, kind: 'superfluous', difference: null });
  return stale;
}

export async function writePages(
  folder: string,
  pages: Pages,
  stale: readonly StalePage[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { file } of stale) {
    const wanted = pages.get(file);
    if (wanted === undefined) await rm(join(folder, file), { force: true });
    else await writeFile(join(folder, file), wanted);
  }
}

/** Pages that bear the mark, with their drawings; whatever else stands in the folder is somebody else's. */
async function generatedFiles(folder: string): Promise<readonly string[]> {
  const files: readonly string[] = await readdir(folder).catch(() => []);
  const generated: string[] = [];
  for (const file of files) {
    if (!file.endsWith('.md')) continue;
    if ((await readIfThere(join(folder, file)))?.startsWith(pageMark) !== true) continue;
    const drawings = [file.replace(/md$/, 'svg'), file.replace(/md$/, 'states.svg')];
    generated.push(file, ...drawings.filter((drawing) => files.includes(drawing)));
  }
  return generated;
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function firstDifference(committed: string, wanted: string): StalePage['difference'] {
  const [ours, theirs] = [committed.split('\n'), wanted.split('\n')];
  const at = theirs.findIndex((line, index) => line !== ours[index]);
  const line = at === -1 ? theirs.length : at;
  return { line: line + 1, committed: ours[line] ?? '', wanted: theirs[line] ?? '' };
}
