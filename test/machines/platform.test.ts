import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  bodyRoute,
  call,
  type Platform,
  platformUrl,
  route,
  standInOf,
} from '../../machines/platform.ts';
import { startStandIn } from '../../machines/stand-in.ts';
import { PermanentError, TransientError } from '../../src/index.ts';
import { useDataDirectory } from '../support/data-directory.ts';

const Book = z.object({ title: z.string() });
const books = { name: 'books', schema: Book };
const library: Platform = {
  name: 'library',
  urlFrom: 'LIBRARY_URL',
  routes: [
    bodyRoute('POST /books', Book, ({ body, id, rows }) => {
      rows(books).put(id, body);
      return { status: 201, body: { id } };
    }),
    route('GET /books', ({ rows }) => ({ status: 200, body: [...rows(books).all()] })),
    route('DELETE /books/:id', ({ param, rows }) => {
      rows(books).delete(param('id'));
      return { status: 200, body: {} };
    }),
  ],
};
const Added = z.object({ id: z.string() });
const signal = new AbortController().signal;

useDataDirectory();
beforeEach(async () => (await standInOf(library)).reset());
afterAll(async () => (await standInOf(library)).close());

describe('a stand-in of an external system', () => {
  it('starts at its first use, or is where the environment says', async () => {
    await using other = await startStandIn(library);
    expect(await platformUrl(library)).toBe((await standInOf(library)).url);

    vi.stubEnv('LIBRARY_URL', `${other.url}/`);

    expect(await platformUrl(library)).toBe(other.url);
  });

  it('does once what is asked with one key, also after a restart', async () => {
    const first = await add('Emma', 'key-1');
    await using other = await startStandIn(library);
    vi.stubEnv('LIBRARY_URL', other.url);

    expect(await add('Emma', 'key-1')).toEqual(first);
    expect(await titles()).toEqual(['Emma']);
    expect(other.count('POST /books')).toBe(1);

    await add('Emma', 'key-2');
    expect(await titles()).toEqual(['Emma', 'Emma']);
  });

  it('refuses another body under a key that came before', async () => {
    await add('Emma', 'key-1');

    await expect(add('Persuasion', 'key-1')).rejects.toThrow(/answered with 422/);
  });

  it('refuses what does not fit and what there is not', async () => {
    await expect(post('/books', { title: 5 })).rejects.toThrow(PermanentError);
    await expect(post('/films', {})).rejects.toThrow(/404.*There is no POST \/films/);
  });

  it('fails as often as it was told to, then no more', async () => {
    const standIn = await standInOf(library);
    standIn.fault('POST /books', { status: 503, times: 2, retryAfterS: 7 });

    await expect(add('Emma', 'k')).rejects.toMatchObject({
      name: 'TransientError',
      retryAfterMs: 7_000,
    });
    await expect(add('Emma', 'k')).rejects.toThrow(TransientError);
    await add('Emma', 'k');

    expect(standIn.count('POST /books')).toBe(3);
    expect(await titles()).toEqual(['Emma']);
  });

  it.each(['before', 'after'] as const)(
    'cuts the connection %s it does what was asked',
    async (drop) => {
      (await standInOf(library)).fault('*', { drop });

      await expect(add('Emma', 'k')).rejects.toThrow(/POST \/books got no answer/);
      expect(await titles()).toEqual(drop === 'after' ? ['Emma'] : []);
      await add('Emma', 'k');

      expect(await titles()).toEqual(['Emma']);
    },
  );

  it('takes faults from the environment and by HTTP, and counts by HTTP', async () => {
    vi.stubEnv('STAND_IN_FAULTS', '{"library":{"POST /books":{"status":500}}}');
    await using standIn = await startStandIn(library);
    vi.stubEnv('LIBRARY_URL', standIn.url);
    await expect(add('Emma', 'k')).rejects.toThrow(/answered with 500/);

    const faults = { 'GET /books': { status: 404 } };
    await fetch(`${standIn.url}/_faults`, { method: 'PUT', body: JSON.stringify(faults) });

    await expect(titles()).rejects.toThrow(/answered with 404/);
    expect(await (await fetch(`${standIn.url}/_requests`)).json()).toEqual({
      'GET /books': 1,
      'POST /books': 1,
    });
  });

  it('deletes', async () => {
    const { id } = await add('Emma', 'k');

    await call(library, { method: 'DELETE', path: `/books/${id}`, signal, answer: z.object({}) });

    expect(await titles()).toEqual([]);
  });
});

function post(path: string, body: unknown, idempotencyKey = 'key') {
  return call(library, { method: 'POST', path, body, idempotencyKey, signal, answer: Added });
}

function add(title: string, idempotencyKey: string) {
  return post('/books', { title }, idempotencyKey);
}

async function titles() {
  const found = await call(library, {
    method: 'GET',
    path: '/books',
    signal,
    answer: z.array(Book),
  });
  return found.map(({ title }) => title);
}
