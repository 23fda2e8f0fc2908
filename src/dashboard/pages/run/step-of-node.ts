/** Which step a node of the drawing belongs to. */
export interface NodeRow {
  readonly node: string;
  readonly kind: string;
  readonly title: string;
  readonly parent: string | null;
  readonly state: string | null;
}

const stepKinds: ReadonlySet<string> = new Set([
  'task',
  'review',
  'wait',
  'sleep',
  'child',
  'map',
  'emit',
  'fail',
]);

/** @returns `null` for what is no step, as the start, or a status of the run */
export function stepOfNode(rows: readonly NodeRow[], node: string): string | null {
  const row = rows.find((one) => one.node === node);
  if (row === undefined) return null;
  if (row.kind === 'closing') return 'completion';
  if (stepKinds.has(row.kind)) return row.title;
  return row.kind === 'state' && row.parent !== null ? stepOfNode(rows, row.parent) : null;
}
