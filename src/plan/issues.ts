/**
 * What is wrong with a value, and where, in one line: `lines.0.price: must be positive; currency: is missing`.
 *
 * @param root - the name of the value itself, for issues with an empty path
 */
export function issuesText(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
  root = 'value',
): string {
  return issues
    .map(({ path, message }) => `${path.map(String).join('.') || root}: ${message}`)
    .join('; ');
}
