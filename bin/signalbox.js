#!/usr/bin/env node
/**
 * Starts the CLI: from source in a checkout, which has no need of a build and where a build may be stale, else compiled.
 * Runs on old versions of Node far enough to hand over to a newer one, or to say what is missing.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** As in `engines` of package.json. */
const oldestNode = [22, 18];

if (isRecent(process.versions.node)) {
  // Starts in a third of the time. The folder belongs to whoever installed the package; one in /tmp could be anybody's.
  module.enableCompileCache?.(join(modulesFolder(), '.cache', 'signalbox'));
  hushExperiments();
  const source = new URL('../src/cli/main.ts', import.meta.url);
  const compiled = new URL('../dist/cli/main.js', import.meta.url);
  await import((existsSync(source) ? source : compiled).href);
} else {
  const node = findInstalledNode();
  if (node === null) {
    refuse();
  } else {
    handOver(node);
  }
}

/** What is an experiment on the older versions of Node (types in sources, sqlite) is needed all the same; other warnings are passed on. */
function hushExperiments() {
  const listeners = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name === 'ExperimentalWarning') return;
    for (const listener of listeners) listener(warning);
  });
}

/** The `node_modules` this package is in, or its own if it is a checkout. */
function modulesFolder() {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  return basename(dirname(root)) === 'node_modules' ? dirname(root) : join(root, 'node_modules');
}

/** @param {string} version */
function isRecent(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/** The binary of the npm package `node`, if one that is recent enough is installed beside this package. */
function findInstalledNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
    const binary = join(
      dirname(manifest),
      'bin',
      process.platform === 'win32' ? 'node.exe' : 'node',
    );
    return isRecent(version) && existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

/** @param {string} node */
function handOver(node) {
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both processes; a second one would mean "stop at once" to the child.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) {
        child.kill(signal);
      }
    });
  }
  child.on('error', (error) => {
    process.stderr.write(`${node} does not start: ${error.message}\n`);
    refuse();
  });
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exit(code ?? 1);
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function refuse() {
  process.stderr.write(
    `signalbox needs Node.js ${oldestNode.join('.')} or newer and this is ${process.versions.node}: ` +
      'install a newer Node.js, or run "npm install --save-dev node@26" here\n',
  );
  process.exitCode = 1;
}
