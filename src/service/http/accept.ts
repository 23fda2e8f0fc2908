import { SignalboxError } from '../../errors.ts';

/** Whether a reader takes this type (RFC 9110, section 12.5.1); one that says nothing takes any. */
export function accepts(header: string | undefined, type: string): boolean {
  if (header === undefined || header.trim() === '') return true;
  const [main = ''] = type.split('/');
  const found = header
    .slice(0, 4_000)
    .toLowerCase()
    .split(',')
    .map((range) => {
      const [name = '', ...parameters] = range.split(';').map((part) => part.trim());
      const quality = parameters.find((one) => one.startsWith('q='))?.slice(2);
      return { name, quality: quality === undefined ? 1 : Number(quality) };
    });
  // the most telling range counts
  const best = [type, `${main}/*`, '*/*']
    .map((wanted) => found.find(({ name }) => name === wanted))
    .find((range) => range !== undefined);
  return best !== undefined && best.quality > 0;
}

/** @throws SignalboxError `NOT_ACCEPTABLE` */
export function checkAccepted(header: string | undefined, type: string): void {
  if (accepts(header, type)) return;
  throw new SignalboxError(
    'NOT_ACCEPTABLE',
    `The answer is ${type}, which the request does not accept`,
    {
      hint: `Send "Accept: ${type}", or none`,
    },
  );
}
