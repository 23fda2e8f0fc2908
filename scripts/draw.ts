/** Draws every workflow in machines/ into docs/diagrams/. With `--check` it writes nothing and exits 1 if a committed picture is stale. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadMachines } from '../src/cli/machines.ts';
import { drawSvg } from '../src/diagram/draw.ts';

const machines = fileURLToPath(new URL('../machines', import.meta.url));
const folder = new URL('../docs/diagrams/', import.meta.url);

/** Name of the file to its contents, `null` for a file to be removed; what is as it should be is left out. */
export async function stalePictures(): Promise<ReadonlyMap<string, string | null>> {
  const { workflows, problems } = await loadMachines(machines);
  if (problems[0] !== undefined) throw problems[0].error;
  const wanted = new Map<string, string>();
  for (const { workflow } of workflows) {
    const file = `${workflow.name}.svg`;
    if (wanted.has(file)) throw new Error(`Two workflows are called "${workflow.name}"`);
    wanted.set(file, await drawSvg(workflow.plan));
  }
  const stale = new Map<string, string | null>();
  for (const [file, drawn] of wanted) if ((await committed(file)) !== drawn) stale.set(file, drawn);
  for (const file of await readdir(folder)) {
    if (file.endsWith('.svg') && !wanted.has(file)) stale.set(file, null);
  }
  return stale;
}

async function committed(file: string): Promise<string | null> {
  try {
    return await readFile(new URL(file, folder), 'utf8');
  } catch {
    return null;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(folder, { recursive: true });
  const stale = await stalePictures();
  const isCheck = process.argv.includes('--check');
  for (const [file, drawn] of stale) {
    console.log(
      `${isCheck ? 'stale' : drawn === null ? 'removed' : 'drawn'}: docs/diagrams/${file}`,
    );
    if (isCheck) continue;
    if (drawn === null) await rm(new URL(file, folder));
    else await writeFile(new URL(file, folder), drawn);
  }
  if (isCheck && stale.size > 0) {
    console.error('Run `npm run draw` and commit what it writes');
    process.exitCode = 1;
  }
}
