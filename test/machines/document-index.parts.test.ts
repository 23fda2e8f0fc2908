import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { chunkText } from '../../machines/document-index/chunk.ts';
import { embedderOf } from '../../machines/document-index/embedding.ts';
import { featureHashing } from '../../machines/document-index/feature-hashing.ts';
import { withIndex } from '../../machines/document-index/vector-index.ts';
import { PermanentError, TransientError } from '../../src/index.ts';
import { useDataDirectory } from '../support/data-directory.ts';

useDataDirectory();
const { signal } = new AbortController();

describe('chunks', () => {
  const chunksOf = (text: string, most: number) =>
    chunkText(text, most).map(({ start, end }) => text.slice(start, end));

  it.each([
    ['nothing of an empty text', '', []],
    ['nothing of blanks', ' \n\n\t\n ', []],
    ['short paragraphs together', 'One.\n\nTwo.\n', ['One.\n\nTwo.']],
    ['paragraphs that fit', 'A first one.\n\nA second one.', ['A first one.', 'A second one.']],
    [
      'a long paragraph after a sentence',
      'One two. Three four five.',
      ['One two.', 'Three four five.'],
    ],
    ['a long sentence before a word', 'one two three four five', ['one two three', 'four five']],
    ['a long word anywhere', 'abcdefghijklmnopqrst', ['abcdefghijklmnop', 'qrst']],
    ['no character in two', `${'a'.repeat(15)}😀b`, ['a'.repeat(15), '😀b']],
  ])('are %s', (_, text, chunks) => {
    expect(chunksOf(text, 16)).toEqual(chunks);
  });

  it('are quick to make even of a text without an end', () => {
    const chunks = chunkText(`${' \n'.repeat(200_000)}${'x'.repeat(400_000)}`);

    expect(chunks).toHaveLength(Math.ceil(400_000 / 600));
  });
});

describe('the offline embedding', () => {
  const similarity = async (first: string, second: string) => {
    const [a, b] = await featureHashing.embed([first, second], signal);
    return (a ?? new Float32Array()).reduce((sum, x, at) => sum + x * (b?.[at] ?? 0), 0);
  };

  it('gives the same text the same vector, of length 1', async () => {
    expect(await similarity('Close both valves.', 'Close both valves.')).toBeCloseTo(1, 5);
    expect(await similarity('', '')).toBeCloseTo(1, 5);
  });

  it('puts texts that share words, or parts of them, closer together than others', async () => {
    const text = 'A customer may return an unused article within 30 days.';
    const words = await similarity(text, 'How many days may a customer keep an article?');
    const parts = await similarity(text, 'returned articles of customers');
    const others = await similarity(text, 'Fill in bearing grease through the upper nipple.');

    expect(words).toBeGreaterThan(others + 0.1);
    expect(parts).toBeGreaterThan(others + 0.05);
  });
});

describe('an embedding service', () => {
  it('is asked for all texts, with its key, and gives vectors in their order', async () => {
    const { environment, requests } = await aService();

    const vectors = await embedderOf(environment).embed(['ab', 'abcd'], signal);

    expect(vectors.map((vector) => [...vector])).toEqual([
      [2, 0.5],
      [4, 0.5],
    ]);
    expect(requests).toEqual([
      {
        path: '/v1/embeddings',
        authorization: 'Bearer not-for-logs',
        model: 'small',
        input: ['ab', 'abcd'],
      },
    ]);
  });

  it.each([
    [429, TransientError],
    [503, TransientError],
    [401, PermanentError],
    [400, PermanentError],
  ])(
    'that answers %i throws the error that says whether to try again, without the key',
    async (status, kind) => {
      const { environment, requests } = await aService(status);

      const failure = await embedderOf(environment)
        .embed(['a'], signal)
        .catch((error: unknown) => error);

      expect(failure).toBeInstanceOf(kind);
      expect(String(failure)).toContain(`The embedding service answered ${status}`);
      expect(String(failure)).not.toContain('not-for-logs');
      expect(requests).toHaveLength(1);
      expect(failure).toMatchObject(status === 429 ? { retryAfterMs: 7_000 } : {});
    },
  );

  it('that is not there may be there later', async () => {
    const { environment, close } = await aService();
    await close();

    await expect(embedderOf(environment).embed(['a'], signal)).rejects.toThrow(TransientError);
  });

  it('needs an address and a model', () => {
    expect(() => embedderOf({ EMBEDDING_MODEL: 'small' })).toThrow(PermanentError);
    expect(embedderOf({})).toBe(featureHashing);
  });
});

describe('the index', () => {
  const chunk = (text: string, ...vector: number[]) => ({
    text,
    vector: Float32Array.from(vector),
  });

  it('keeps vectors of different models apart, and one version of a document', async () => {
    await withIndex((index) => {
      index.upsert({ docId: 'a', atMs: 1 }, 'small', [chunk('old', 1, 0), chunk('older', 0, 1)]);
      index.upsert({ docId: 'a', atMs: 2 }, 'large', [chunk('new', 1, 0, 0)]);
      index.upsert({ docId: 'b', atMs: 2 }, 'large', [chunk('other', 0, 1, 0)]);
    });

    const { small, large } = await withIndex((index) => ({
      small: index.nearest('small', Float32Array.of(1, 0), 9),
      large: index.nearest('large', Float32Array.of(1, 0, 0), 9),
    }));

    expect(small).toEqual([]);
    expect(large).toEqual([
      { doc_id: 'a', chunk: 0, text: 'new', similarity: 1 },
      { doc_id: 'b', chunk: 0, text: 'other', similarity: 0 },
    ]);
  });

  it('does nothing for a change that came before another, and nothing twice', async () => {
    const results = await withIndex((index) => [
      index.delete({ docId: 'a', atMs: 5 }),
      index.upsert({ docId: 'a', atMs: 4 }, 'small', [chunk('late', 1, 0)]),
      index.upsert({ docId: 'a', atMs: 6 }, 'small', [chunk('new', 1, 0)]),
      index.upsert({ docId: 'a', atMs: 6 }, 'small', [chunk('new', 1, 0)]),
      index.delete({ docId: 'a', atMs: 5 }),
      index.nearest('small', Float32Array.of(1, 0), 9).length,
    ]);

    expect(results).toEqual([0, null, 1, 1, null, 1]);
  });

  it('takes nothing in of a change that fails in the middle', async () => {
    const change = withIndex((index) => {
      index.upsert({ docId: 'a', atMs: 1 }, 'small', [chunk('good', 1, 0), chunk('bad', 1)]);
    });

    await expect(change).rejects.toThrow(/dimension/i);
    expect(await withIndex((index) => index.nearest('small', Float32Array.of(1, 0), 9))).toEqual(
      [],
    );
  });
});

/** Speaks the protocol of OpenAI: the vector of a text tells its length. */
async function aService(status = 200) {
  const Body = z.object({ model: z.string(), input: z.array(z.string()) });
  const requests: object[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const text = Buffer.concat(await request.toArray()).toString();
    const { model, input } = Body.parse(JSON.parse(text));
    const { authorization } = request.headers;
    requests.push({ path: request.url, authorization, model, input });
    const data = input.map((each, index) => ({ index, embedding: [each.length, 0.5] }));
    response
      .writeHead(status, { 'content-type': 'application/json', 'retry-after': '7' })
      .end(JSON.stringify(status === 200 ? { data } : { error: { message: 'no' } }));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const close = () =>
    new Promise<void>((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    });
  onTestFinished(close);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  const environment = {
    EMBEDDING_BASE_URL: `http://127.0.0.1:${address.port}/v1`,
    EMBEDDING_MODEL: 'small',
    EMBEDDING_API_KEY: 'not-for-logs',
  };
  return { environment, requests, close };
}
