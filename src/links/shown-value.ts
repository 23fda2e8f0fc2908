import { type Html, html } from '../html.ts';
import type { Json } from '../plan/json.ts';

/** What a page shows of one value at most; what is left out is said. */
const limits = { depth: 8, entries: 200, characters: 4_000 };

/** Any JSON value as a list of names and values. */
export function toRows(value: Json): Html {
  return value === null ? html`` : valueHtml(value, limits.depth);
}

function valueHtml(value: Json, depth: number): Html {
  if (typeof value !== 'object' || value === null) return html`${textOf(value)}`;
  const entries = Array.isArray(value)
    ? value.map((entry: Json, index): [string, Json] => [String(index + 1), entry])
    : Object.entries(value);
  if (entries.length === 0) return html`none`;
  if (depth === 0) return html`(more; see the run)`;
  const left = entries.length - limits.entries;
  return html`<dl>
${entries.slice(0, limits.entries).map(([name, entry]) => html`<dt>${name}</dt><dd>${valueHtml(entry, depth - 1)}</dd>`)}
</dl>${left > 0 ? html`<p class="aside">${left} more; see the run</p>` : html``}`;
}

function textOf(value: string | number | boolean | null): string {
  const text = value === null ? 'none' : String(value);
  return text.length > limits.characters
    ? `${text.slice(0, limits.characters)}… (shortened; see the run)`
    : text;
}
