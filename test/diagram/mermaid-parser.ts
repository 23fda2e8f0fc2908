/** Mermaid's own parser. It cleans labels by the DOM, of which it needs one. */

// Their types are those of browsers, which would then hold for the whole project; hence names that the compiler does not follow.
const [domPackage, mermaidPackage] = ['jsdom', 'mermaid'];
const dom = (await import(domPackage)) as { JSDOM: new (html: string) => { window: object } };
Object.assign(globalThis, { window: new dom.JSDOM('').window });
const { default: mermaid } = (await import(mermaidPackage)) as {
  default: { parse(text: string): Promise<{ diagramType: string }> };
};

/** @returns the kind of diagram Mermaid recognises; rejects with its message if it cannot read the text */
export async function parseMermaid(text: string): Promise<string> {
  const { diagramType } = await mermaid.parse(text);
  return diagramType;
}
