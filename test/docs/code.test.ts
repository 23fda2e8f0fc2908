/** The TypeScript of the guides: the blocks of a page, in their order, are one module, and it type-checks. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const patienceMs = 120_000;
/** Pages of fragments, which stand for themselves. */
const fragments: ReadonlySet<string> = new Set(['agents.md', 'notifications.md']);
let folder: string;

beforeAll(async () => {
  // Inside the repository, so that packages are found.
  const parent = join(root, 'node_modules', '.cache');
  await mkdir(parent, { recursive: true });
  folder = await realpath(await mkdtemp(join(parent, 'docs-code-')));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the code of the guides', () => {
  it(
    'type-checks, page by page, as a reader would write it',
    async () => {
      const pages = await pagesWithCode();

      const problems = await check(pages);

      expect(problems).toEqual([]);
      expect(pages.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['README.md', 'docs/getting-started.md', 'docs/retries.md']),
      );
    },
    patienceMs,
  );

  it(
    'would be found out if it did not, with its line in the page',
    async () => {
      const text =
        'One line\n\n```ts\nconst n: number = 1;\n```\n\n```ts\nconst s: string = n;\n```\n';

      const problems = await check([{ name: 'wrong.md', code: moduleOf(text) }]);

      expect(problems).toEqual([expect.stringMatching(/^wrong\.md:8: .*not assignable/)]);
    },
    patienceMs,
  );
});

interface Page {
  readonly name: string;
  readonly code: string;
}

async function pagesWithCode(): Promise<readonly Page[]> {
  const guides = (await readdir(join(root, 'docs'))).filter(
    (name) => name.endsWith('.md') && !fragments.has(name),
  );
  const names = ['README.md', ...guides.map((name) => `docs/${name}`)];
  const pages = await Promise.all(
    names.map(async (name) => ({
      name,
      code: moduleOf(await readFile(join(root, name), 'utf8')),
    })),
  );
  return pages.filter(({ code }) => code.trim() !== '');
}

/**
 * Lines stay where they are, so that an error names the line of the page. A comment `<!-- ts … -->` holds what a page takes for granted: names
 * of the reader's own program. `./order.ts` is the workflow of the README, `../machines/` the folder of the examples.
 */
function moduleOf(markdown: string): string {
  let isCode = false;
  return markdown
    .split('\n')
    .map((line) => {
      if (!isCode && (line === '```ts' || line === '<!-- ts')) isCode = true;
      else if (isCode && (line === '```' || line === '-->')) isCode = false;
      else if (isCode) return line;
      return '';
    })
    .join('\n');
}

/** Errors as `page:line: message`. */
async function check(pages: readonly Page[]): Promise<readonly string[]> {
  const files = await Promise.all(
    pages.map(async ({ name, code }) => {
      const file = join(folder, name.replaceAll('/', '-').replace(/\.md$/, '.ts'));
      const text = code
        .replaceAll("'./order.ts'", "'./README.ts'")
        .replaceAll("'../machines/", `'${join(root, 'machines')}/`);
      await writeFile(file, `${text}\nexport {};\n`);
      return file;
    }),
  );
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      paths: {
        signalbox: [join(root, 'src/index.ts')],
        ...(await subpaths()),
      },
    },
    include: [],
    files,
  };
  const project = join(folder, 'tsconfig.json');
  await writeFile(project, JSON.stringify(config));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const output = await promisify(execFile)(
    process.execPath,
    [tsc, '-p', project, '--noEmit', '--pretty', 'false'],
    { cwd: folder },
  ).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string }) => error.stdout,
  );
  return [...output.matchAll(/^(.+?)\((\d+),\d+\): (.+)$/gm)].map(
    ([, file = '', line, message]) => {
      const page = pages[files.indexOf(join(folder, file))];
      return `${page?.name ?? file}:${line}: ${message}`;
    },
  );
}

/** `signalbox/sqlite` and the others are where the package says, before it is built. */
async function subpaths(): Promise<{ readonly [name: string]: readonly string[] }> {
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly exports: { readonly [path: string]: { readonly types?: string } };
  };
  return Object.fromEntries(
    Object.entries(exports).flatMap(([path, { types }]) => {
      if (path === '.' || types === undefined) return [];
      const source = types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts');
      return [[`signalbox${path.slice(1)}`, [join(root, source)]]];
    }),
  );
}
