/** A disk in memory that keeps apart what programs see and what would still be there after the power failed. */
import { dirname } from 'node:path';
import type { FileSystem } from '../../adapters/lowdb/index.ts';

interface Node {
  readonly number: number;
  readonly isDirectory: boolean;
  content: Buffer;
  /** Content as of the last sync; `null`: never synced. */
  synced: Buffer | null;
}

/** A change of names that no sync has made safe yet. */
interface Renaming {
  readonly folders: readonly string[];
  readonly sets: readonly (readonly [path: string, node: Node | null])[];
}

/** What becomes of changes that were not synced: they are lost, or a draw in [0, 1) decides for each. */
export type Loss = { readonly kind: 'all' } | { readonly kind: 'some'; draw(): number };

export interface SimulatedDisk {
  readonly files: FileSystem;
  /** The disk as another process finds it when this one was killed. */
  afterKill(): SimulatedDisk;
  /** The disk as it is found after a power loss. */
  afterPowerLoss(loss: Loss): SimulatedDisk;
}

let lastNumber = 0;

export function createSimulatedDisk(initial: ReadonlyMap<string, Node> = new Map()): SimulatedDisk {
  const names = new Map(initial);
  const durable = new Map(initial);
  let pending: Renaming[] = [];

  const folder = (): Node => ({
    number: (lastNumber += 1),
    isDirectory: true,
    content: Buffer.alloc(0),
    synced: null,
  });
  if (names.size === 0)
    for (const path of ['/', '/disk']) {
      const node = folder();
      names.set(path, node);
      durable.set(path, node);
    }

  function change(folders: readonly string[], sets: Renaming['sets']): void {
    apply(names, sets);
    pending.push({ folders, sets });
  }

  function find(path: string): Node {
    const node = names.get(path);
    if (node === undefined) throw problem('ENOENT', path);
    return node;
  }

  function parentOf(path: string): string {
    const parent = dirname(path);
    if (!find(parent).isDirectory) throw problem('ENOTDIR', path);
    return parent;
  }

  function childrenOf(path: string): string[] {
    return [...names.keys()].filter((name) => name !== path && dirname(name) === path);
  }

  function removed(path: string): (readonly [string, null])[] {
    return [...childrenOf(path).flatMap(removed), [path, null] as const];
  }

  const files: FileSystem = {
    async readFile(path) {
      const node = find(path);
      if (node.isDirectory) throw problem('EISDIR', path);
      return Buffer.from(node.content);
    },
    async create(path) {
      if (names.has(path)) throw problem('EEXIST', path);
      const node: Node = {
        number: (lastNumber += 1),
        isDirectory: false,
        content: Buffer.alloc(0),
        synced: null,
      };
      change([parentOf(path)], [[path, node]]);
      return {
        identity: `1:${node.number}`,
        inode: String(node.number),
        async write(bytes) {
          node.content = Buffer.concat([node.content, bytes]);
        },
        async sync() {
          node.synced = Buffer.from(node.content);
        },
        async close() {},
      };
    },
    async rename(from, to) {
      const node = find(from);
      change(
        [parentOf(from), parentOf(to)],
        [
          [from, null],
          [to, node],
        ],
      );
    },
    async link(from, to) {
      const node = find(from);
      if (names.has(to)) throw problem('EEXIST', to);
      change([parentOf(to)], [[to, node]]);
    },
    async copy(from, to) {
      const { content } = find(from);
      const file = await files.create(to);
      await file.write(content);
    },
    async remove(path) {
      if (names.has(path)) change([parentOf(path)], removed(path));
    },
    async makeDirectory(path, { recursive }) {
      if (names.has(path)) return null;
      const above =
        recursive && !names.has(dirname(path))
          ? await files.makeDirectory(dirname(path), { recursive })
          : null;
      change([parentOf(path)], [[path, folder()]]);
      return above ?? path;
    },
    async list(path) {
      if (!find(path).isDirectory) throw problem('ENOTDIR', path);
      return childrenOf(path).map((name) => name.slice(path.length + (path === '/' ? 0 : 1)));
    },
    async stat(path) {
      const { number, isDirectory } = find(path);
      return { identity: `1:${number}`, inode: String(number), isDirectory };
    },
    async syncDirectory(path) {
      find(path);
      for (const renaming of pending)
        if (renaming.folders.includes(path)) apply(durable, renaming.sets);
      pending = pending.filter(({ folders }) => !folders.includes(path));
    },
  };

  return {
    files,
    afterKill: () => createSimulatedDisk(rebooted(names, (node) => node.content)),
    afterPowerLoss(loss) {
      const left = new Map(durable);
      if (loss.kind === 'some')
        for (const { sets } of pending) if (loss.draw() < 0.5) apply(left, sets);
      return createSimulatedDisk(rebooted(reachable(left), (node) => remains(node, loss)));
    },
  };
}

function apply(names: Map<string, Node>, sets: Renaming['sets']): void {
  for (const [path, node] of sets) {
    if (node === null) names.delete(path);
    else names.set(path, node);
  }
}

/** A name is lost with the folder it is in. */
function reachable(names: ReadonlyMap<string, Node>): Map<string, Node> {
  const isThere = (path: string): boolean =>
    path === '/' || (names.get(dirname(path))?.isDirectory === true && isThere(dirname(path)));
  return new Map([...names].filter(([path]) => isThere(path)));
}

/** Of content that was not synced an end, or all, may be missing, or be zeros. */
function remains({ content, synced }: Node, loss: Loss): Buffer {
  if (loss.kind === 'all' || content.equals(synced ?? Buffer.alloc(0)))
    return synced ?? Buffer.alloc(0);
  const draw = loss.draw();
  if (draw < 0.25) return synced ?? Buffer.alloc(0);
  if (draw < 0.5) return Buffer.alloc(content.length);
  if (draw < 0.75) return content.subarray(0, Math.floor(loss.draw() * content.length));
  return content;
}

/** New file numbers, as on a copy: what was a lock of this process is no lock any more. */
function rebooted(
  names: ReadonlyMap<string, Node>,
  contentOf: (node: Node) => Buffer,
): Map<string, Node> {
  const copies = new Map<Node, Node>();
  const copyOf = (node: Node): Node => {
    const content = Buffer.from(contentOf(node));
    const copy = copies.get(node) ?? {
      number: (lastNumber += 1),
      isDirectory: node.isDirectory,
      content,
      synced: content,
    };
    copies.set(node, copy);
    return copy;
  };
  return new Map([...names].map(([path, node]) => [path, copyOf(node)]));
}

function problem(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: "${path}"`), { code });
}
