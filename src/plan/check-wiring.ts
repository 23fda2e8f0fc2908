/** Compares the schemas of connected steps: what is delivered can be what is wanted. */
import { type Mismatch, mismatchOf, mismatchText } from './compatible.ts';
import { pathText } from './json-value.ts';
import type {
  DecisionPolicy,
  Gate,
  MapStep,
  PlanNode,
  PlanWithoutHash,
  TaskCall,
  Wiring,
} from './plan.ts';
import { definitionInvalid, didYouMean } from './problem.ts';
import {
  anyShape,
  caseNames,
  type Field,
  listShape,
  mayBeAbsent,
  optionsOf,
  type Shape,
  scalarShape,
  shapeAt,
  shapeOfSchema,
  shapeText,
  unionShape,
} from './shape.ts';
import {
  escalationShape,
  type KnownSchemas,
  reminderShape,
  runFailureShape,
  ValueShapes,
} from './value-shapes.ts';

/** @throws SignalboxError DEFINITION_INVALID for the first connection that can never work */
export function checkWirings(plan: PlanWithoutHash, known: Partial<KnownSchemas>): void {
  new WiringCheck(plan, known).run();
}

/** Who reads, and with which gates: what they imply of a source is certain. */
interface Reader {
  readonly step: string;
  readonly gates: readonly Gate[];
  readonly map?: MapStep | undefined;
}

class WiringCheck {
  readonly #plan: PlanWithoutHash;
  readonly #known: Partial<KnownSchemas>;
  readonly #shapes: ValueShapes;

  constructor(plan: PlanWithoutHash, known: Partial<KnownSchemas>) {
    this.#plan = plan;
    this.#known = known;
    this.#shapes = new ValueShapes(plan, known);
  }

  run(): void {
    for (const node of this.#plan.nodes)
      this.#checkNode(node, { step: node.id, gates: node.gates });
    const end: Reader = { step: 'completion', gates: [] };
    this.#checkPaths(end, this.#plan.output);
    if (this.#plan.finish.assignTo !== undefined)
      this.#checkPeople(end, this.#plan.finish.assignTo);
    this.#checkEscalations('completion', this.#plan.finish);
    this.#checkStarts();
    if (this.#plan.onFailed !== undefined) {
      const input = () => this.#shapes.source('$input', []);
      this.#checkCallOf('onFailed', this.#plan.onFailed, runFailureShape(input));
    }
  }

  #checkNode(node: PlanNode, reader: Reader): void {
    switch (node.kind) {
      case 'task':
        this.#checkTask(reader, node.input, node.call);
        if (node.fallback !== undefined) this.#checkTask(reader, node.input, node.fallback);
        return;
      case 'child': {
        const wanted = this.#known.children?.get(node.workflow)?.input;
        const shape = wanted === undefined ? anyShape : shapeOfSchema(wanted);
        this.#check(reader, node.input, shape, 'input', `workflow "${node.workflow}"`);
        return;
      }
      case 'emit': {
        const wanted = this.#known.events?.get(node.event)?.sent;
        const shape = wanted === undefined ? anyShape : shapeOfSchema(wanted);
        this.#check(reader, node.payload, shape, 'payload', `event "${node.event}"`);
        return;
      }
      case 'wait':
        this.#checkWait(reader, node.event, node.where);
        return;
      case 'review':
        if (node.show !== undefined) this.#checkPaths(reader, node.show);
        if (node.assignTo !== undefined) this.#checkPeople(reader, node.assignTo);
        for (const person of node.notBy) this.#checkPaths(reader, person);
        if (node.remind !== undefined)
          this.#checkCallOf(node.id, node.remind.call, reminderShape());
        this.#checkEscalations(node.id, node);
        return;
      case 'sleep':
        this.#check(
          reader,
          node.for,
          unionShape([() => scalarShape('string'), () => scalarShape('number')]),
          'for',
          'the sleep',
        );
        return;
      case 'map': {
        this.#check(
          reader,
          node.items,
          listShape(() => anyShape),
          'items',
          'the map',
        );
        for (const inner of node.body)
          this.#checkNode(inner, { step: inner.id, gates: node.gates, map: node });
        this.#checkPaths({ ...reader, map: node }, node.yields);
        return;
      }
      case 'choice':
        if ('field' in node.by)
          this.#checkChoice(reader, node.by.field, node.by.cases, node.by.otherwise);
        return;
      case 'update':
        this.#checkUpdate(reader, node.key, node.value);
        return;
      case 'predicate':
        this.#checkPaths(reader, node.of);
        return;
      case 'derive':
        this.#checkPaths(reader, node.from);
        return;
      case 'merge':
        for (const [name, value] of node.cases) {
          const taken: Gate = { condition: { choice: node.choice, is: name }, label: name };
          this.#checkPaths({ ...reader, gates: [...node.gates, taken] }, value);
        }
        return;
      case 'fail':
      case 'milestone':
        return;
      default:
        node satisfies never;
    }
  }

  #checkTask(reader: Reader, input: Wiring, call: TaskCall): void {
    const wanted = shapeOfSchema(call.inputSchema);
    this.#check(reader, input, wanted, 'input', `task "${call.task}"`);
    if (this.#known.needInput?.has(call.task) === true) {
      this.#refuseSkipped(
        reader,
        input,
        this.#shapes.wiring(input, reader.gates, reader.map),
        'input',
        `task "${call.task}"`,
      );
    }
  }

  /** A call whose input the engine puts together. */
  #checkEscalations(step: string, { escalate = [] }: DecisionPolicy): void {
    for (const { call } of escalate)
      if (call !== undefined) this.#checkCallOf(step, call, escalationShape());
  }

  #checkCallOf(step: string, call: TaskCall, delivered: Shape): void {
    const mismatch = mismatchOf(delivered, shapeOfSchema(call.inputSchema));
    if (mismatch === null) return;
    const { delivered: own, wanted } = mismatchText(mismatch);
    throw this.#invalid(
      step,
      `"${pathText('input', mismatch.path)}" of task "${call.task}" gets ${own}, and the task wants ${wanted}`,
      mismatch,
    );
  }

  #checkWait(reader: Reader, event: string, where: readonly (readonly [string, Wiring])[]): void {
    const received = this.#known.events?.get(event)?.received;
    const payload = received === undefined ? anyShape : shapeOfSchema(received);
    for (const [key, value] of where) {
      const field = shapeAt(payload, [key]);
      if (field.shape === null) {
        throw this.#invalid(
          reader.step,
          `"where" names the field "${key}", and event "${event}" carries ${shapeText(payload)}${didYouMean(key, fieldNames(payload))}`,
        );
      }
      this.#check(reader, value, field.shape, `where.${key}`, `event "${event}"`);
    }
  }

  #checkPeople(reader: Reader, wiring: Wiring): void {
    const person = () => scalarShape('string');
    this.#check(
      reader,
      wiring,
      unionShape([person, () => listShape(person)]),
      'assignTo',
      'the review',
    );
  }

  #checkUpdate(reader: Reader, key: string, value: Wiring): void {
    const declared = this.#plan.context[key];
    if (declared === undefined) return;
    const whole = shapeOfSchema(declared.schema);
    const wanted = {
      append: () => shapeAt(whole, [0]).shape ?? anyShape,
      merge: () => withOptionalFields(whole),
    }[declared.reduce as string];
    const shape = declared.reduce.startsWith('named:') ? anyShape : (wanted?.() ?? whole);
    this.#check(reader, value, shape, 'value', `context key "${key}"`);
  }

  #checkChoice(
    reader: Reader,
    field: Wiring,
    cases: readonly string[],
    otherwise: string | undefined,
  ): void {
    this.#checkPaths(reader, field);
    if (field.kind !== 'ref') return;
    const parent = shapeAt(
      this.#shapes.source(field.of, reader.gates, reader.map),
      field.path.slice(0, -1),
    ).shape;
    const shape = this.#shapes.wiring(field, reader.gates, reader.map);
    const known = parent === null ? null : caseNames(shape);
    if (parent === null || known === null) return;
    const names = isOptionalIn(parent, field.path.at(-1))
      ? [...new Set([...known.names, 'undefined'])]
      : known.names;
    const name = pathText(field.of, field.path);
    const unknown = known.isOpen ? undefined : cases.find((each) => !names.includes(each));
    if (unknown !== undefined) {
      throw this.#invalid(
        reader.step,
        `it has a branch "${unknown}", which "${name}" never is${didYouMean(unknown, names)}`,
      );
    }
    if (otherwise !== undefined) return;
    if (known.isOpen) {
      throw this.#invalid(
        reader.step,
        `"${name}" is ${shapeText(shape)}, without an end to its values; give a branch for all others as last argument`,
      );
    }
    const missing = names.filter((each) => !cases.includes(each));
    if (missing.length > 0) {
      throw this.#invalid(
        reader.step,
        `it has no branch for ${missing.map((each) => `"${each}"`).join(', ')} of "${name}"; add it, or a branch for all others as last argument`,
      );
    }
  }

  #checkStarts(): void {
    for (const event of this.#plan.startOn) {
      const received = this.#known.events?.get(event)?.received;
      if (received === undefined) continue;
      const mismatch = mismatchOf(shapeOfSchema(received), shapeOfSchema(this.#plan.input));
      if (mismatch === null) continue;
      const { delivered, wanted } = mismatchText(mismatch);
      throw this.#invalid(
        undefined,
        `"startOn" names event "${event}", whose "${pathText('payload', mismatch.path)}" is ${delivered}, and the input of the workflow wants ${wanted}`,
        mismatch,
      );
    }
  }

  // --- one wiring ------------------------------------------------------------------------------------------------------------------

  #check(reader: Reader, wiring: Wiring, wanted: Shape, what: string, consumer: string): void {
    this.#checkPaths(reader, wiring);
    const delivered = this.#shapes.wiring(wiring, reader.gates, reader.map);
    const mismatch = mismatchOf(delivered, wanted);
    if (mismatch !== null) throw this.#mismatch(reader, wiring, mismatch, what, consumer);
    this.#checkSkipped(reader, wiring, delivered, wanted, what, consumer, []);
  }

  #mismatch(
    reader: Reader,
    wiring: Wiring,
    mismatch: Mismatch,
    what: string,
    consumer: string,
  ): Error {
    const texts = mismatchText(mismatch);
    const { source, rest } = producerAt(wiring, mismatch.path);
    const producer = source === null ? 'the definition' : sourceText(source.of);
    const path = source === null ? '' : ` at "${pathText(source.of, [...source.path, ...rest])}"`;
    return this.#invalid(
      reader.step,
      `"${pathText(what, mismatch.path)}" cannot fit: ${producer} delivers ${texts.delivered}${path}, and ${consumer} wants ${texts.wanted}`,
      mismatch,
    );
  }

  /** A field that must be there cannot come from a step that may be skipped. */
  #checkSkipped(
    reader: Reader,
    wiring: Wiring,
    delivered: Shape,
    wanted: Shape,
    what: string,
    consumer: string,
    path: readonly string[],
  ): void {
    if (wiring.kind !== 'object' || delivered.kind !== 'object') return;
    for (const option of optionsOf(wanted)) {
      if (option.kind !== 'object') return;
    }
    for (const [key, value] of wiring.entries) {
      const own = delivered.fields.get(key)?.shape();
      if (own === undefined) continue;
      const fields = optionsOf(wanted).map((option) =>
        option.kind === 'object' ? option.fields.get(key) : undefined,
      );
      const known = fields.filter((field): field is Field => field !== undefined);
      if (known.length < fields.length) continue;
      const inner = [...path, key];
      if (known.every((field) => field.isRequired && refusesAbsent(field.shape()))) {
        this.#refuseSkipped(reader, value, own, pathText(what, inner), consumer);
      }
      this.#checkSkipped(
        reader,
        value,
        own,
        unionShape(known.map((field) => field.shape)),
        what,
        consumer,
        inner,
      );
    }
  }

  #refuseSkipped(
    reader: Reader,
    wiring: Wiring,
    delivered: Shape,
    what: string,
    consumer: string,
  ): void {
    if (!mayBeAbsent(delivered)) return;
    const reason =
      wiring.kind === 'ref'
        ? `${sourceText(wiring.of)} may be skipped or yields nothing`
        : 'it may be undefined';
    throw this.#invalid(
      reader.step,
      `"${what}" is required by ${consumer}, but ${reason}; make it optional there, or use w.ifRan or w.when`,
    );
  }

  /** Every field that a wiring reads can exist. */
  #checkPaths(reader: Reader, wiring: Wiring): void {
    const pending: Wiring[] = [wiring];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (next.kind === 'object') pending.push(...next.entries.map(([, value]) => value));
      else if (next.kind === 'array') pending.push(...next.items);
      else if (next.kind === 'ref') {
        const found = shapeAt(this.#shapes.source(next.of, reader.gates, reader.map), next.path);
        if (found.shape !== null) continue;
        throw this.#invalid(
          reader.step,
          `it reads "${pathText(next.of, next.path)}", but ${sourceText(next.of)} has no "${found.key}" there: it delivers ${shapeText(found.of)}${didYouMean(String(found.key), fieldNames(found.of))}`,
        );
      }
    }
  }

  #invalid(step: string | undefined, problem: string, mismatch?: Mismatch): Error {
    const place =
      step === undefined ? { workflow: this.#plan.name } : { workflow: this.#plan.name, step };
    return definitionInvalid(
      place,
      problem,
      mismatch === undefined ? {} : { details: { path: mismatch.path } },
    );
  }
}

type Path = readonly (string | number)[];

/** The reference that fills the place, and what of the path lies in its value. */
function producerAt(
  wiring: Wiring,
  path: Path,
): { readonly source: Extract<Wiring, { kind: 'ref' }> | null; readonly rest: Path } {
  let current: Wiring | undefined = wiring;
  for (const [depth, key] of path.entries()) {
    if (current?.kind === 'ref') return { source: current, rest: path.slice(depth) };
    if (current?.kind === 'object') current = current.entries.find(([name]) => name === key)?.[1];
    else if (current?.kind === 'array') current = current.items[Number(key)];
    else return { source: null, rest: [] };
  }
  return { source: current?.kind === 'ref' ? current : null, rest: [] };
}

function sourceText(of: string): string {
  const names: { readonly [source: string]: string } = {
    $input: 'the input of the workflow',
    $run: 'w.run',
    $context: 'the run context',
    $item: 'the item of the map',
    $index: 'the index of the map',
  };
  return names[of] ?? `step "${of.replace(/\.merged$/, '')}"`;
}

function fieldNames(shape: Shape): readonly string[] {
  return optionsOf(shape).flatMap((option) =>
    option.kind === 'object' ? [...option.fields.keys()] : [],
  );
}

function isOptionalIn(parent: Shape, key: string | number | undefined): boolean {
  return optionsOf(parent).some(
    (option) => option.kind === 'object' && option.fields.get(String(key))?.isRequired === false,
  );
}

function refusesAbsent(shape: Shape): boolean {
  return optionsOf(shape).every((option) => option.kind !== 'any' && option.kind !== 'absent');
}

function withOptionalFields(shape: Shape): Shape {
  const options = optionsOf(shape).map((option): Shape => {
    if (option.kind !== 'object') return option;
    const fields = [...option.fields].map(([name, field]): [string, Field] => [
      name,
      { ...field, isRequired: false },
    ]);
    return { ...option, fields: new Map(fields) };
  });
  return unionShape(options.map((option) => () => option));
}
