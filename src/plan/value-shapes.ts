import { isImplied, ranCondition } from './conditions.ts';
import type { JsonSchema } from './json.ts';
import type { Gate, MapStep, MergeNode, Plan, PlanNode, TaskStep, Wiring } from './plan.ts';
import {
  absentShape,
  anyShape,
  type Lazy,
  listShape,
  neverShape,
  objectShape,
  once,
  optionsOf,
  type Shape,
  scalarShape,
  shapeAt,
  shapeOfJson,
  shapeOfSchema,
  unionShape,
  withoutAbsent,
} from './shape.ts';

/** Schemas that the definition knows and the plan does not keep. A plan that was loaded has none of them, and less can be said of it. */
export interface KnownSchemas {
  /** What steps see of the run's input. */
  readonly input: JsonSchema;
  /** By step id of the review: what consumers see of the form. */
  readonly forms: ReadonlyMap<string, JsonSchema>;
  readonly events: ReadonlyMap<
    string,
    { readonly sent: JsonSchema; readonly received: JsonSchema }
  >;
  readonly children: ReadonlyMap<string, { readonly input: JsonSchema; readonly output: Lazy }>;
  /** By task and code: the detail of a declared failure. */
  readonly failures: ReadonlyMap<string, ReadonlyMap<string, JsonSchema>>;
  /** Tasks that refuse `undefined` as their whole input. */
  readonly needInput: ReadonlySet<string>;
}

const text = () => scalarShape('string');
const number = () => scalarShape('number');
const count = () => scalarShape('integer');
const literal =
  (...values: string[]) =>
  () =>
    scalarShape('string', values);

const failureShape = () =>
  objectShape({
    name: text,
    message: text,
    retryable: () => scalarShape('boolean'),
    attempts: count,
  });
const compensationShape = literal('complete', 'partial', 'impossible', 'nothing');
export const runInfoShape = () =>
  objectShape({ runId: text, workflow: text, version: count, startedAtMs: number });
export const escalationShape = () =>
  objectShape({ reviewId: text, level: count, to: () => listShape(text) });
export const reminderShape = () => objectShape({ reviewId: text, round: count });

export function runFailureShape(input: Lazy): Shape {
  return objectShape({
    run: runInfoShape,
    input,
    failure: failureShape,
    completedSteps: () => listShape(text),
    compensation: compensationShape,
  });
}

/** What the nodes of a plan deliver, as far as it can be known. */
export class ValueShapes {
  readonly #plan: Omit<Plan, 'hash'>;
  readonly #known: Partial<KnownSchemas>;
  readonly #nodes = new Map<string, PlanNode>();
  /** Of the nodes in map bodies: the map they are in. */
  readonly #maps = new Map<string, MapStep>();
  readonly #shapes = new Map<string, Shape>();

  constructor(plan: Omit<Plan, 'hash'>, known: Partial<KnownSchemas>) {
    this.#plan = plan;
    this.#known = known;
    for (const node of plan.nodes) {
      this.#nodes.set(node.id, node);
      if (node.kind !== 'map') continue;
      for (const inner of node.body) {
        this.#nodes.set(inner.id, inner);
        this.#maps.set(inner.id, node);
      }
    }
  }

  /**
   * The value of a source as a node sees it that has these gates: `undefined` is possible if the source can be skipped where the node is not.
   *
   * @param map - the map in whose body the node is
   */
  source(of: string, gates: readonly Gate[], map?: MapStep): Shape {
    if (of.startsWith('$')) return this.#outer(of, map);
    const node = this.#nodes.get(of);
    if (node === undefined) return anyShape;
    const shape = this.#shape(node);
    const certain = this.#withChoices(gates);
    const ran = ranCondition(node, (id) => this.#nodes.get(id));
    if (ran !== null && isImplied(ran, certain)) return withoutAbsent(shape);
    const isThere =
      this.#maps.has(of) || node.gates.every((gate) => isImplied(gate.condition, certain));
    return isThere ? shape : unionShape([() => shape, () => absentShape]);
  }

  /** The value a wiring delivers; where it reads a field that cannot be, nothing is known (that mistake is reported for itself). */
  wiring(wiring: Wiring, gates: readonly Gate[], map?: MapStep): Shape {
    switch (wiring.kind) {
      case 'absent':
        return absentShape;
      case 'literal':
        return shapeOfJson(wiring.value);
      case 'ref':
        return shapeAt(this.source(wiring.of, gates, map), wiring.path).shape ?? anyShape;
      case 'array': {
        const items = wiring.items.map((item) => once(() => this.wiring(item, gates, map)));
        return { kind: 'list', prefix: items, items: () => neverShape };
      }
      case 'object': {
        const fields = wiring.entries.map(
          ([key, value]) =>
            [key, { shape: once(() => this.wiring(value, gates, map)), isRequired: true }] as const,
        );
        return { kind: 'object', fields: new Map(fields), rest: 'closed' };
      }
      default:
        return wiring satisfies never;
    }
  }

  #outer(of: string, map: MapStep | undefined): Shape {
    switch (of) {
      case '$input':
        return this.#known.input === undefined ? anyShape : shapeOfSchema(this.#known.input);
      case '$run':
        return runInfoShape();
      case '$context': {
        const keys = Object.entries(this.#plan.context);
        return objectShape(
          Object.fromEntries(keys.map(([key, { schema }]) => [key, () => shapeOfSchema(schema)])),
        );
      }
      case '$item': {
        if (map === undefined) return anyShape;
        const item = this.#itemOf(map);
        return map.batch === undefined ? item : listShape(() => item);
      }
      case '$index':
        return count();
      default:
        return anyShape;
    }
  }

  #shape(node: PlanNode): Shape {
    let shape = this.#shapes.get(node.id);
    if (shape === undefined) {
      shape = this.#compute(node);
      this.#shapes.set(node.id, shape);
    }
    return shape;
  }

  #compute(node: PlanNode): Shape {
    switch (node.kind) {
      case 'task':
        return this.#task(node);
      case 'review': {
        const schema = this.#known.forms?.get(node.id);
        const form = () => (schema === undefined ? anyShape : shapeOfSchema(schema));
        return unionShape([
          () => objectShape({ outcome: literal('approved'), actor: text, form }),
          () =>
            objectShape({ outcome: literal('rejected', 'expired'), actor: text, 'form?': form }),
        ]);
      }
      case 'wait': {
        const schema = this.#known.events?.get(node.event)?.received;
        const value = () => (schema === undefined ? anyShape : shapeOfSchema(schema));
        if (node.onTimeout === 'fail') return value();
        return unionShape([
          () => objectShape({ status: literal('received'), value }),
          () => objectShape({ status: literal('timed_out') }),
        ]);
      }
      case 'child': {
        const output = this.#known.children?.get(node.workflow)?.output ?? (() => anyShape);
        return node.tolerate === undefined
          ? unionShape([output])
          : unionShape([
              () => objectShape({ status: literal('complete'), value: output }),
              () =>
                objectShape({
                  status: literal('failed'),
                  failure: failureShape,
                  compensation: compensationShape,
                }),
            ]);
      }
      case 'map':
        return this.#map(node);
      case 'merge':
        return unionShape(
          node.cases.map(([name, value]) => once(() => this.#case(node, name, value))),
        );
      case 'sleep':
      case 'emit':
        return absentShape;
      case 'fail':
        return neverShape;
      case 'predicate':
      case 'derive':
      case 'choice':
      case 'update':
      case 'milestone':
        return anyShape;
      default:
        return node satisfies never;
    }
  }

  #task(node: TaskStep): Shape {
    const value = () =>
      unionShape(
        [node.call, node.fallback].flatMap((call) =>
          call === undefined ? [] : [() => shapeOfSchema(call.outputSchema)],
        ),
      );
    if (node.tolerate === undefined) return value();
    return settledShape(
      value,
      node.tolerate,
      this.#known.failures?.get(node.call.task) ?? new Map(),
    );
  }

  #map(node: MapStep): Shape {
    const item = once(() => {
      const own = this.#itemOf(node);
      return node.batch === undefined ? own : listShape(() => own);
    });
    const value = once(() => this.wiring(node.yields, node.gates, node));
    if (node.onItemFailure === 'fail') return listShape(value);
    const complete = () => objectShape({ index: count, item, value });
    const failed = () => objectShape({ index: count, item, failure: failureShape });
    return objectShape({ complete: () => listShape(complete), failed: () => listShape(failed) });
  }

  #itemOf(map: MapStep): Shape {
    const items = optionsOf(this.wiring(map.items, map.gates)).flatMap((list) =>
      list.kind === 'list' ? [...list.prefix, list.items] : [() => anyShape],
    );
    return unionShape(items);
  }

  /** Inside a branch, what its gate implies is certain. */
  #case(merge: MergeNode, name: string, value: Wiring): Shape {
    const taken: Gate = { condition: { choice: merge.choice, is: name }, label: name };
    return this.wiring(value, [...merge.gates, taken]);
  }

  /** A branch that is taken says of its condition that it holds, and of those before it that they do not. */
  #withChoices(gates: readonly Gate[]): readonly Gate[] {
    return gates.flatMap((gate) => {
      const { condition } = gate;
      const choice = 'choice' in condition ? this.#nodes.get(condition.choice) : undefined;
      if (choice?.kind !== 'choice' || !('choice' in condition) || !('conditions' in choice.by))
        return [gate];
      const known: Gate[] = [gate];
      for (const [name, asked, label] of choice.by.conditions) {
        const holds = name === condition.is;
        known.push({ condition: holds ? asked : { not: asked }, label });
        if (holds) break;
      }
      return known;
    });
  }
}

function settledShape(
  value: Lazy,
  tolerate: 'any' | readonly string[],
  details: ReadonlyMap<string, JsonSchema>,
): Shape {
  const complete = () => objectShape({ status: literal('complete'), value });
  const others =
    tolerate === 'any'
      ? [() => objectShape({ status: literal('failed'), failure: failureShape })]
      : tolerate.map((code) => () => {
          const schema = details.get(code);
          return objectShape({
            status: literal(code),
            detail: () => (schema === undefined ? anyShape : shapeOfSchema(schema)),
          });
        });
  return unionShape([complete, ...others]);
}
