/** The TypeScript of the guides: the blocks of a page, in their order, are one module, or those they name in their first line, and it type-checks. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const patienceMs = 120_000;
let folder: string;

beforeAll(async () => {
  // Inside the repository, so that packages are found.
  const parent = join(root, 'node_modules', '.cache');
  await mkdir(parent, { recursive: true });
  folder = await realpath(await mkdtemp(join(parent, 'docs-code-')));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Checked along with the pages: what is wrong with it has to be found. */
const wrong = modulesOf(
  'wrong.md',
  'One line\n\n```ts\nconst n: number = 1;\n```\n\n```ts\nconst s: string = n;\n```\n',
);

it(
  'the code of the guides type-checks, page by page, as a reader would write it; if it did not, its line in the page would be told',
  async () => {
    const pages = await pagesWithCode();

    const problems = await check([...pages, ...wrong]);

    expect(problems).toEqual([expect.stringMatching(/^wrong\.md:8: .*not assignable/)]);
    expect(pages.map(({ file }) => file)).toEqual(
      expect.arrayContaining(['README.ts', 'docs-getting-started/article.ts', 'docs-retries.ts']),
    );
  },
  patienceMs,
);

interface Module {
  readonly page: string;
  readonly file: string;
  readonly code: string;
}

async function pagesWithCode(): Promise<readonly Module[]> {
  const guides = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md'));
  const names = ['README.md', ...guides.map((name) => `docs/${name}`)];
  const pages = await Promise.all(
    names.map(async (name) => modulesOf(name, await readFile(join(root, name), 'utf8'))),
  );
  return pages.flat();
}

/**
 * Lines stay where they are, so that an error names the line of the page. A comment `<!-- ts … -->` holds what a page takes for granted: names
 * of the reader's own program. `./order.ts` is the workflow of the README, `../machines/` the folder of the examples. A block whose first line is
 * `// name.ts` belongs to that file.
 */
function modulesOf(page: string, markdown: string): readonly Module[] {
  const whole = page.replaceAll('/', '-').replace(/\.md$/, '');
  const modules = new Map<string, string[]>();
  let file: string | null = null;
  const lines = markdown.split('\n');
  for (const [index, line] of lines.entries()) {
    if (file === null && (line.trim() === '```ts' || line === '<!-- ts')) {
      const name = /^\/\/ ([\w.-]+\.ts)$/.exec(lines[index + 1] ?? '')?.[1];
      file = name === undefined ? `${whole}.ts` : join(whole, name);
    } else if (file !== null && (line.trim() === '```' || line === '-->')) {
      file = null;
    } else if (file !== null) {
      const code = modules.get(file) ?? lines.map(() => '');
      code[index] = line;
      modules.set(file, code);
    }
  }
  return [...modules].map(([name, code]) => ({ page, file: name, code: code.join('\n') }));
}

/** Errors as `page:line: message`. */
async function check(modules: readonly Module[]): Promise<readonly string[]> {
  const files = await Promise.all(
    modules.map(async ({ file: name, code }) => {
      const file = join(folder, name);
      const text = code
        .replaceAll("'./order.ts'", "'./README.ts'")
        .replaceAll("'../machines/", `'${join(root, 'machines')}/`);
      await mkdir(dirname(file), { recursive: true });
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
      const module = modules[files.indexOf(join(folder, file))];
      return `${module?.page ?? file}:${line}: ${message}`;
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
