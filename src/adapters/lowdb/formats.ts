/** The kinds of document in the directory of a store. */

import type { JsonObject } from '../../plan/json.ts';
import type { Plan } from '../../plan/plan.ts';
import type {
  BreakerRecord,
  Checkpoint,
  EntityRecord,
  HistoryEntry,
  MapItem,
  Message,
  MessageAnswer,
  RememberedResult,
  RunHeader,
  RunState,
} from '../../ports/store.ts';
import type { RunDocument } from '../shared/run-document.ts';
import { allItems, historyOf, withItems } from '../shared/run-document.ts';
import type { StoredClaim, StoredMessage } from '../shared/tables.ts';
import type { DocumentFormat } from './document.ts';
import { type DocumentKind, toLines } from './document-text.ts';

/** What a commit asked of other documents. Kept in the run's own until its next write, so that a crash in between loses nothing. */
export interface Pending {
  readonly messages: readonly Message[];
  readonly answers: readonly MessageAnswer[];
  readonly remember: readonly RememberedResult[];
}

export interface RunFile {
  readonly document: RunDocument;
  readonly pending: Pending;
}

export interface StoreFile {
  readonly format: number;
  readonly createdAt: string;
}

interface RunContent {
  readonly header: RunHeader;
  readonly state: RunState;
  readonly claimedKey: string | null;
  readonly pending: Pending;
  readonly checkpoints: readonly Checkpoint[];
  readonly items: readonly MapItem[];
  readonly history: HistoryEntry[];
}

export const nothingPending: Pending = { messages: [], answers: [], remember: [] };

/** Entries never change, so each is put into text once. */
const texts = new WeakMap<object, string>();

function textOf(value: object): string {
  const known = texts.get(value);
  if (known !== undefined) return known;
  const text = JSON.stringify(value);
  texts.set(value, text);
  return text;
}

function toList(values: readonly object[]): string {
  return values.length === 0
    ? '[]'
    : `[\n${values.map((value) => `    ${textOf(value)}`).join(',\n')}\n  ]`;
}

export const runFormat: DocumentFormat<RunFile> = {
  kind: 'run',
  toText({ document, pending }) {
    const fields = [
      `"header": ${toLines(document.header, '  ')}`,
      `"state": ${toLines(document.state, '  ')}`,
      `"claimedKey": ${JSON.stringify(document.claimedKey)}`,
      `"pending": ${toLines(pending, '  ')}`,
      `"checkpoints": ${toList(document.checkpoints)}`,
      `"items": ${toList(allItems(document))}`,
      `"history": ${toList(historyOf(document))}`,
    ];
    return `{\n  ${fields.join(',\n  ')}\n}`;
  },
  fromJson({ header, state, claimedKey, pending, checkpoints, items, history }: RunContent) {
    const log = { entries: history, length: history.length };
    return {
      document: withItems({ header, state, claimedKey, log, checkpoints, items: new Map() }, items),
      pending,
    };
  },
};

function plainFormat<T extends object>(kind: DocumentKind): DocumentFormat<T> {
  return { kind, toText: (data) => toLines(data), fromJson: (content) => content };
}

export const storeFormat = plainFormat<StoreFile>('store');
export const keyFormat = plainFormat<StoredClaim>('key');
export const messageFormat = plainFormat<StoredMessage>('message');
export const resultFormat = plainFormat<RememberedResult>('result');
export const breakerFormat = plainFormat<BreakerRecord>('breaker');
export const entityFormat = plainFormat<EntityRecord>('entity');
/** What one round, or several that were merged, changed of the records; `value` is `null` where one was removed. */
export interface RecordSegment {
  readonly changes: readonly {
    readonly id: string;
    readonly revision: number;
    readonly value: JsonObject | null;
  }[];
}

export const segmentFormat: DocumentFormat<RecordSegment> = {
  kind: 'records',
  toText: ({ changes }) => `{\n  "changes": ${toList(changes)}\n}`,
  fromJson: (content) => content,
};
export const planFormat = plainFormat<Plan>('plan');
