/** The frame of every page: style, headers, document. */
import { hash } from 'node:crypto';
import { Html, html } from '../html.ts';

const style = `
:root { color-scheme: light dark; --ink: #1f2937; --muted: #5b6472; --line: #d1d5db; --paper: #fff; --ground: #f3f4f6; --go: #166534; --stop: #b91c1c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e5e7eb; --muted: #a3adbb; --line: #3f4753; --paper: #1b212b; --ground: #11151c; --go: #15803d; --stop: #c53030; }
}
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 40rem; margin: 2rem auto; padding: 1.5rem; background: var(--paper); border: 1px solid var(--line); border-radius: 12px; }
@media (max-width: 42rem) { main { margin: 0; border: 0; border-radius: 0; } }
h1 { margin: 0 0 .5rem; font-size: 1.375rem; line-height: 1.3; }
p { margin: .5rem 0; }
.aside, dt { color: var(--muted); font-size: .875rem; }
dl { margin: 1rem 0; padding: .25rem 1rem; border: 1px solid var(--line); border-radius: 8px; }
dl dl { margin: .25rem 0; }
dt { margin-top: .75rem; }
dd { margin: 0 0 .75rem; white-space: pre-wrap; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input:not([type=checkbox]), textarea, select { box-sizing: border-box; width: 100%; padding: .5rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--muted); border-radius: 6px; }
.problem { color: var(--stop); font-weight: 600; }
button, a.button { margin-top: 1.25rem; padding: .75rem 1.5rem; font: inherit; font-weight: 600; color: #fff; background: var(--go); border: 0; border-radius: 8px; cursor: pointer; }
a.button { display: inline-block; text-decoration: none; }
button.rejected { background: var(--stop); }
:focus-visible { outline: 3px solid #3b82f6; outline-offset: 2px; }
`;

/** A page allows its own style and form, and nothing else: no script, no picture, no frame around it, no trace of its address elsewhere. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex, nofollow',
  'cross-origin-opener-policy': 'same-origin',
};

export function toDocument(title: string, main: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`.source;
}
