import { type Lazy, optionsOf, type Shape, shapeText } from './shape.ts';

/** Where a value that is delivered can never be one that is wanted. */
export interface Mismatch {
  readonly path: readonly (string | number)[];
  readonly delivered: Shape | 'nothing';
  readonly wanted: Shape | 'nothing';
}

/**
 * The first place where every value of one shape is refused by another, or `null`. Only what is certain counts: disjoint types or literals, a
 * required field that a closed object lacks, a field a closed object refuses. What depends on the value is left to parsing, and whether a
 * value may be absent is a question of its own.
 */
export function mismatchOf(delivered: Shape, wanted: Shape): Mismatch | null {
  return new Comparison().compare(delivered, wanted);
}

/** Both sides in words. */
export function mismatchText({ delivered, wanted }: Mismatch): {
  readonly delivered: string;
  readonly wanted: string;
} {
  return {
    delivered: delivered === 'nothing' ? 'no such field' : shapeText(delivered),
    wanted: wanted === 'nothing' ? 'no such field' : shapeText(wanted),
  };
}

type Of<K extends Shape['kind']> = Extract<Shape, { kind: K }>;

class Comparison {
  /** Pairs seen before; one that is still being compared counts as fitting, which is what ends recursive schemas. */
  readonly #known = new Map<Shape, Map<Shape, Mismatch | null>>();

  compare(delivered: Shape, wanted: Shape): Mismatch | null {
    let known = this.#known.get(delivered);
    if (known === undefined) {
      known = new Map();
      this.#known.set(delivered, known);
    }
    const found = known.get(wanted);
    if (found !== undefined) return found;
    known.set(wanted, null);
    const mismatch = this.#compare(delivered, wanted);
    known.set(wanted, mismatch);
    return mismatch;
  }

  #compare(delivered: Shape, wanted: Shape): Mismatch | null {
    let nearest: Mismatch | null = null;
    for (const given of optionsOf(delivered)) {
      if (given.kind === 'absent') continue;
      for (const taken of optionsOf(wanted)) {
        const mismatch = this.#compareOptions(given, taken);
        if (mismatch === null) return null;
        if (nearest === null || mismatch.path.length > nearest.path.length) nearest = mismatch;
      }
    }
    // Of several that could have been meant, the one that got furthest; if none got anywhere, all of them.
    return nearest === null || nearest.path.length > 0 ? nearest : { path: [], delivered, wanted };
  }

  #compareOptions(delivered: Shape, wanted: Shape): Mismatch | null {
    if (wanted.kind === 'any' || delivered.kind === 'any' || delivered.kind === 'never')
      return null;
    if (delivered.kind === 'list' && wanted.kind === 'list')
      return this.#compareLists(delivered, wanted);
    if (delivered.kind === 'object' && wanted.kind === 'object')
      return this.#compareObjects(delivered, wanted);
    const meet =
      delivered.kind === 'scalar' && wanted.kind === 'scalar' && scalarsMeet(delivered, wanted);
    return meet ? null : { path: [], delivered, wanted };
  }

  /** An empty list would pass, but nobody wires a list to have it empty. */
  #compareLists(delivered: Of<'list'>, wanted: Of<'list'>): Mismatch | null {
    const longest = Math.max(delivered.prefix.length, wanted.prefix.length);
    for (let index = 0; index <= longest; index++) {
      const own = delivered.prefix[index] ?? delivered.items;
      const other = wanted.prefix[index] ?? wanted.items;
      const mismatch = this.#inside(index, own, other);
      if (mismatch !== null) return mismatch;
    }
    return null;
  }

  #compareObjects(delivered: Of<'object'>, wanted: Of<'object'>): Mismatch | null {
    for (const [name, field] of wanted.fields) {
      const own = fieldIn(delivered, name);
      if (own === 'none') {
        if (field.isRequired) return { path: [name], delivered: 'nothing', wanted: field.shape() };
      } else if (own !== null) {
        const mismatch = this.#inside(name, own, field.shape);
        if (mismatch !== null) return mismatch;
      }
    }
    for (const [name, field] of delivered.fields) {
      if (wanted.fields.has(name) || wanted.rest === 'open') continue;
      if (wanted.rest !== 'closed') {
        const mismatch = this.#inside(name, field.shape, wanted.rest);
        if (mismatch !== null) return mismatch;
      } else if (field.isRequired) {
        return { path: [name], delivered: field.shape(), wanted: 'nothing' };
      }
    }
    return null;
  }

  #inside(key: string | number, delivered: Lazy, wanted: Lazy): Mismatch | null {
    const mismatch = this.compare(delivered(), wanted());
    return mismatch === null ? null : { ...mismatch, path: [key, ...mismatch.path] };
  }
}

function scalarsMeet(delivered: Of<'scalar'>, wanted: Of<'scalar'>): boolean {
  const isNumber = (shape: Of<'scalar'>) => shape.type === 'number' || shape.type === 'integer';
  if (delivered.type !== wanted.type && !(isNumber(delivered) && isNumber(wanted))) return false;
  if (delivered.values === null) return true;
  if (wanted.values !== null)
    return delivered.values.some((value) => wanted.values?.includes(value));
  return wanted.type !== 'integer' || delivered.values.some((value) => Number.isInteger(value));
}

/** `none`: the object never has it; `null`: nobody knows. */
function fieldIn(shape: Of<'object'>, name: string): Lazy | 'none' | null {
  const field = shape.fields.get(name);
  if (field !== undefined) return field.shape;
  if (shape.rest === 'closed') return 'none';
  return shape.rest === 'open' ? null : shape.rest;
}
