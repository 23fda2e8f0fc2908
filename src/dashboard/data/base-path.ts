/** Path the service is mounted under, as it says in its page; empty: none. */
export const basePath =
  document.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? '';

/** Where programs reach the service, as `https://example.com/signalbox`. */
export const serviceAddress = `${window.location.origin}${basePath}`;

/** Where this page is, for the service: without the base path. */
export function placeHere(): string {
  const { pathname, search } = window.location;
  return `${pathname.startsWith(basePath) ? pathname.slice(basePath.length) : pathname}${search}`;
}
