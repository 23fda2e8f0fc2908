/** Where things are in the directory of a store. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

export interface Layout {
  readonly root: string;
  readonly storeFile: string;
  /** Documents being written; emptied when the store is opened. */
  readonly drafts: string;
  /** What could not be trusted, kept as it was found. */
  readonly damaged: string;
  readonly active: string;
  readonly openMessages: string;
  /** These hold a folder for each of 256 groups. */
  readonly answeredMessages: string;
  readonly keys: string;
  readonly results: string;
  readonly breakers: string;
  /** Made with the first of them. */
  readonly entities: string;
  /** A folder an hour, with an empty file for each run created in it: lists are read from their names. */
  readonly listing: string;
  readonly plans: string;
  /** Made with the first of them. */
  readonly records: string;
  /** Every folder that exists from the beginning. */
  readonly folders: readonly string[];
  activeRun(runId: string): string;
  finishedRun(fileName: string): string;
  openMessage(id: string): string;
  answeredMessage(id: string): string;
  key(key: string): string;
  result(key: string): string;
  breaker(name: string): string;
  entity(id: string): string;
  plan(name: string, version: number, hash: string): string;
  /** What the rounds from `first` to `last` changed of the records. */
  recordSegment(first: number, last: number): string;
  listingEntry(createdAtMs: number, runId: string): string;
}

export const extension = '.json';
const reserved = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

/**
 * The name of the file that belongs to an id. No two ids share one, on no file system, and none leads out of its folder: ids of lower-case
 * letters, digits and dashes stand for themselves, all others for their SHA-256.
 */
export function fileNameOf(id: string): string {
  const isPlain = /^[a-z0-9][a-z0-9-]{0,63}$/.test(id) && !reserved.test(id);
  return isPlain ? id : `_${sha256(id)}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function createLayout(root: string): Layout {
  const within = (...names: readonly string[]) => join(root, ...names);
  /** Documents that may become many are spread over 256 folders. */
  const sharded = (folder: string, fileName: string) => {
    const hash = fileName.startsWith('_') ? fileName.slice(1) : sha256(fileName);
    return within(folder, hash.slice(0, 2), fileName + extension);
  };
  const [runs, messages, keys, results] = ['runs', 'messages', 'keys', 'results'];
  const active = within(runs, 'active');
  const openMessages = within(messages, 'open');
  const [drafts, damaged, listing, breakers, plans] = [
    within('drafts'),
    within('damaged'),
    within('listing'),
    within('breakers'),
    within('plans'),
  ];
  const entities = within('entities');
  const [finished, answered] = [join(runs, 'finished'), join(messages, 'answered')];
  return {
    root,
    storeFile: within(`signalbox${extension}`),
    drafts,
    damaged,
    active,
    openMessages,
    answeredMessages: within(answered),
    keys: within(keys),
    results: within(results),
    breakers,
    entities,
    plans,
    records: within('records'),
    listing,
    folders: [
      drafts,
      damaged,
      listing,
      breakers,
      plans,
      within(runs),
      active,
      within(finished),
      within(messages),
      openMessages,
      within(answered),
      within(keys),
      within(results),
    ],
    activeRun: (runId) => join(active, fileNameOf(runId) + extension),
    finishedRun: (fileName) => sharded(finished, fileName),
    openMessage: (id) => join(openMessages, fileNameOf(id) + extension),
    answeredMessage: (id) => sharded(answered, fileNameOf(id)),
    key: (key) => sharded(keys, fileNameOf(key)),
    result: (key) => sharded(results, fileNameOf(key)),
    breaker: (name) => join(breakers, fileNameOf(name) + extension),
    entity: (id) => join(entities, fileNameOf(id) + extension),
    plan: (name, version, hash) =>
      join(plans, fileNameOf(JSON.stringify([name, version, hash])) + extension),
    recordSegment: (first, last) =>
      within('records', `${paddedTo16(first)}-${paddedTo16(last)}${extension}`),
    listingEntry: (createdAtMs, runId) =>
      join(listing, hourOf(createdAtMs), `${timeOf(createdAtMs)}-${fileNameOf(runId)}`),
  };
}

export function isHour(folder: string): boolean {
  return /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}$/.test(folder);
}

function paddedTo16(count: number): string {
  return String(count).padStart(16, '0');
}

/** The rounds of a segment, from the name of its file. */
export function parseSegmentName(
  name: string,
): { readonly first: number; readonly last: number } | null {
  const [, first, last] = /^([0-9]{16})-([0-9]{16})\.json$/.exec(name) ?? [];
  return first === undefined || last === undefined
    ? null
    : { first: Number(first), last: Number(last) };
}

function timeOf(createdAtMs: number): string {
  return paddedTo16(placeOf(createdAtMs));
}

/** The time of creation as the listing has it. */
export function placeOf(createdAtMs: number): number {
  return Math.max(0, Math.floor(createdAtMs));
}

const endOfYear9999Ms = 253_402_300_799_999;

/** `2026-01-31T14`; sorts by time. */
export function hourOf(createdAtMs: number): string {
  const clamped = Math.min(Math.max(0, Math.floor(createdAtMs)), endOfYear9999Ms);
  return new Date(clamped).toISOString().slice(0, 13);
}

/** Time of creation and file name of a run, from the name of its entry in the listing. */
export function parseListingEntry(
  entry: string,
): { readonly createdAtMs: number; readonly fileName: string } | null {
  const [, time, fileName] = /^([0-9]{16})-(.+)$/.exec(entry) ?? [];
  return time === undefined || fileName === undefined
    ? null
    : { createdAtMs: Number(time), fileName };
}
