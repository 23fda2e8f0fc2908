/** Lint rules of this project, for what oxlint's own cannot say: who may import whom, and that the deciding folders only decide. */
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Node
 * @property {string} type
 * @property {string} [name]
 * @property {unknown} [value]
 * @property {boolean} [async]
 * @property {boolean} [computed]
 * @property {Node} [callee]
 * @property {Node} [object]
 * @property {Node} [property]
 * @property {Node} [id]
 * @property {Node | null} [init]
 * @property {Node | null} [source]
 * @property {Node} [imported]
 * @property {Node[]} [arguments]
 * @property {Node[]} [specifiers]
 */
/** @typedef {{ filename: string, report(problem: { node: Node, message: string }): void }} Context */

const sources = fileURLToPath(new URL('../src', import.meta.url));

const core = [
  'chart',
  'definition',
  'engine',
  'plan',
  'ports',
  'errors',
  'evaluation',
  'failure',
  'resources',
];
/**
 * Folder, or file beside them, to those it may import besides itself. Nothing imports against these arrows.
 * @type {Record<string, readonly string[]>}
 */
const imports = {
  errors: [],
  failure: ['errors', 'ports'],
  signing: ['errors'],
  html: [],
  evaluation: ['plan', 'ports'],
  resources: ['ports', 'failure'],
  plan: ['errors'],
  ports: ['plan', 'errors'],
  chart: ['plan', 'errors'],
  definition: ['chart', 'plan', 'ports', 'errors', 'evaluation', 'failure', 'resources'],
  triggers: ['definition', 'plan', 'ports', 'errors', 'webhooks'],
  webhooks: ['plan', 'errors', 'signing'],
  proof: ['chart', 'plan', 'errors'],
  simulation: ['chart', 'plan', 'errors', 'diagram'],
  diagram: ['chart', 'plan', 'errors'],
  engine: ['chart', 'plan', 'ports', 'errors', 'evaluation', 'failure'],
  adapters: ['plan', 'ports', 'errors', 'failure', 'resources'],
  agent: ['definition', 'plan', 'errors'],
  links: ['adapters', 'engine', 'orchestrator', 'plan', 'ports', 'errors', 'html', 'signing'],
  notify: ['adapters', 'definition', 'ports', 'errors', 'html', 'signing'],
  analysis: [...core, 'diagram', 'proof', 'simulation', 'testing'],
  api: ['plan', 'errors'],
  client: ['api', 'plan', 'errors'],
  dashboard: ['api', 'client', 'diagram', 'plan'],
  testing: [...core, 'adapters', 'orchestrator', 'proof', 'simulation'],
  service: [
    ...core,
    'adapters',
    'analysis',
    'api',
    'orchestrator',
    'diagram',
    'telemetry',
    'html',
    'links',
    'notify',
    'proof',
    'signing',
    'simulation',
    'testing',
    'triggers',
    'webhooks',
  ],
  orchestrator: [...core, 'adapters'],
  telemetry: ['engine', 'orchestrator', 'plan', 'ports'],
  mcp: ['api', 'client', 'plan', 'errors'],
  cli: [
    ...core,
    'adapters',
    'agent',
    'analysis',
    'api',
    'client',
    'diagram',
    'mcp',
    'proof',
    'service',
    'telemetry',
    'simulation',
    'index',
    'orchestrator',
    'testing',
    'triggers',
  ],
  index: [...core, 'adapters', 'diagram', 'orchestrator', 'proof', 'triggers'],
};

/** These decide; what does, they get as arguments. */
const pure = [
  'errors',
  'evaluation',
  'failure',
  'resources',
  'plan',
  'ports',
  'chart',
  'definition',
  'proof',
  'diagram',
  'simulation',
  'engine',
];
const purePackages = ['@xstate/graph', 'canonicalize', 'xstate', 'zod'];
/** Packages that one file alone may use. */
const drawing = { file: 'diagram/layout.ts', package: 'elkjs/lib/elk.bundled.js' };
const pureHashes = ['createHash', 'hash'];

/** @param {string} path absolute */
function folderOf(path) {
  const [first = ''] = relative(sources, path).split(/[\\/]/);
  return first.replace(/\.ts$/, '');
}

/**
 * @param {string} file
 * @param {string} specifier
 * @returns {string | null} what is wrong, or `null`
 */
function checkImport(file, specifier) {
  const from = folderOf(file);
  const allowed = imports[from];
  if (allowed === undefined) {
    return `"src/${from}" is missing in the table of scripts/lint-rules.mjs`;
  }
  if (specifier.startsWith('.')) {
    const to = folderOf(resolve(dirname(file), specifier));
    return to === from || allowed.includes(to)
      ? null
      : `"${from}" may import only ${['itself', ...allowed].join(', ')}, not "${to}"`;
  }
  if (/^signalbox(\/|$)/.test(specifier)) {
    return 'Import the file, not the package this is';
  }
  if (specifier === drawing.package && relative(sources, file) === drawing.file) return null;
  if (pure.includes(from) && specifier !== 'node:crypto' && !purePackages.includes(specifier)) {
    return `"${from}" decides and does no I/O; of packages it may import only ${purePackages.join(', ')} and the hash of node:crypto`;
  }
  return null;
}

const importDirection = {
  /** @param {Context} context */
  create(context) {
    if (relative(sources, context.filename).startsWith('..')) {
      return {};
    }
    /** @param {Node} node */
    const check = (node) => {
      if (typeof node.source?.value !== 'string') {
        return;
      }
      const message = checkImport(context.filename, node.source.value);
      if (message !== null) {
        context.report({ node: node.source, message });
      }
    };
    /** @param {Node} node */
    const checkHash = (node) => {
      if (node.source?.value !== 'node:crypto' || !pure.includes(folderOf(context.filename))) {
        return;
      }
      for (const specifier of node.specifiers ?? []) {
        if (!pureHashes.includes(specifier.imported?.name ?? '')) {
          context.report({ node: specifier, message: `Only ${pureHashes.join(' and ')} are pure` });
        }
      }
    };
    return {
      /** @param {Node} node */
      ImportDeclaration(node) {
        check(node);
        checkHash(node);
      },
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};

/** @param {Node | null | undefined} node */
const isDate = (node) => node?.type === 'Identifier' && node.name === 'Date';

/** `new Date(value)` and `instanceof Date` are pure, reading the clock is not. */
const noClock = {
  /** @param {Context} context */
  create(context) {
    /** @param {Node} node */
    const report = (node) =>
      context.report({ node, message: 'Reads the clock; take the time as a parameter' });
    return {
      /** @param {Node} node */
      NewExpression(node) {
        if (isDate(node.callee) && node.arguments?.length === 0) report(node);
      },
      /** @param {Node} node */
      CallExpression(node) {
        if (isDate(node.callee)) report(node);
      },
      /** @param {Node} node */
      MemberExpression(node) {
        const name = node.computed === true ? node.property?.value : node.property?.name;
        if (isDate(node.object) && name === 'now') report(node);
      },
      /** @param {Node} node */
      VariableDeclarator(node) {
        if (isDate(node.init)) report(node);
      },
    };
  },
};

const noAsync = {
  /** @param {Context} context */
  create(context) {
    /** @param {Node} node */
    const report = (node) =>
      context.report({
        node,
        message: 'Deciding is synchronous; what has to wait belongs to the engine',
      });
    /** @param {Node} node */
    const reportAsync = (node) => {
      if (node.async === true) report(node);
    };
    return {
      FunctionDeclaration: reportAsync,
      FunctionExpression: reportAsync,
      ArrowFunctionExpression: reportAsync,
      AwaitExpression: report,
      ImportExpression: report,
    };
  },
};

export default {
  meta: { name: 'signalbox' },
  rules: { 'import-direction': importDirection, 'no-clock': noClock, 'no-async': noAsync },
};
