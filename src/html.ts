/** HTML in which text is text: whatever is put into a template is escaped unless it is HTML itself. */
/** Made by {@link html} alone. */
export class Html {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

type Part = string | number | Html | readonly Html[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const sources = parts.map((part) => {
    if (part instanceof Html) return part.source;
    if (typeof part === 'object') return part.map(({ source }) => source).join('\n');
    return escapeHtml(String(part));
  });
  return new Html(String.raw({ raw: strings }, ...sources));
}
