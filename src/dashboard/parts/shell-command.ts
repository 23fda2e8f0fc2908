/** `signalbox` with arguments, quoted for a POSIX shell. */
export function shellCommand(args: readonly string[]): string {
  return ['npx signalbox', ...args.map(quote)].join(' ');
}

export function quote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
