import { useEffect, useRef } from 'react';

/** A picture from the service, without anything in it that could run. */
export function SvgPicture({ svg, label }: { readonly svg: string; readonly label: string }) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const root = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
    if (!(root instanceof SVGSVGElement)) return;
    for (const part of root.querySelectorAll('script, foreignObject')) part.remove();
    frame.current?.replaceChildren(document.importNode(root, true));
  }, [svg]);
  return <div ref={frame} role="img" aria-label={label} />;
}
