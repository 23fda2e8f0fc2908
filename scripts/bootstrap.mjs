/**
 * Installs what the lock file asks for if `node_modules` lacks it, so that `npm start` and `npm test` work alone in a fresh clone.
 * Runs on whatever Node came with npm, before anything is installed: no dependencies, no syntax newer than Node 18.
 * Writes to standard error only, so that a command's own output stays clean.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

if (!isInstalled()) {
  install();
}
requireRuntime();

/** Every package of the lock file is there in the locked version; more may be. Optional ones for other platforms are absent by design. */
function isInstalled() {
  const wanted = readPackages('package-lock.json');
  const present = readPackages('node_modules/.package-lock.json');
  if (wanted === null || present === null) {
    return false;
  }
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') {
      return true;
    }
    const found = present[path];
    if (found === undefined) {
      return entry.optional === true || entry.devOptional === true;
    }
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

/**
 * @param {string} path
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }> | null}
 */
function readPackages(path) {
  try {
    return JSON.parse(readFileSync(`${root}${path}`, 'utf8')).packages;
  } catch {
    return null;
  }
}

function install() {
  process.stderr.write('Installing dependencies (npm ci) ...\n');
  // Dependencies ask for a newer Node than the one that may run npm here; the pinned one that runs the project comes with them.
  const options = [
    '--include=dev',
    '--engine-strict=false',
    '--loglevel=error',
    '--no-audit',
    '--no-fund',
  ];
  const npm = process.env['npm_execpath'];
  const [command, args] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  const { status, error } = spawnSync(command, [...args, 'ci', ...options], {
    cwd: root,
    shell: npm === undefined && process.platform === 'win32',
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) {
    fail(
      `Installing dependencies failed${error === undefined ? '' : `: ${error.message}`}; see above, then run "npm ci"`,
    );
  }
}

/** The `node` package brings the Node that runs the project, by an install script that npm can be told to leave out. */
function requireRuntime() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isRecent = major > 22 || (major === 22 && minor >= 18);
  if (!isRecent && !existsSync(`${root}node_modules/node/bin/node`)) {
    fail(
      `Node ${process.versions.node} is too old and the pinned Node is missing since install scripts are off; ` +
        'run "npm rebuild node --ignore-scripts=false" or use Node 22.18 or newer',
    );
  }
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
