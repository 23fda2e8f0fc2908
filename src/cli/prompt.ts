/** Questions to a person, on any pair of streams. */
import { createInterface } from 'node:readline';
import { printable } from './escape.ts';

export interface Prompt {
  /** The next line, trimmed; `null` at the end of the input. */
  ask(question: string): Promise<string | null>;
  /** Lines, made printable here. */
  say(lines: readonly string[]): void;
  close(): void;
}

export interface PromptStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

export function createPrompt({ input, output }: PromptStreams): Prompt {
  const lines: string[] = [];
  let waiting: ((line: string | null) => void) | null = null;
  let isOver = false;
  const reader = createInterface({ input, output, terminal: output.isTTY === true, prompt: '' });
  reader.on('line', (line) => {
    if (waiting === null) lines.push(line);
    else waiting(line);
  });
  reader.on('close', () => {
    isOver = true;
    waiting?.(null);
  });
  // The reader keeps Ctrl-C from becoming the signal it would be otherwise.
  reader.on('SIGINT', () => {
    output.write('\n');
    process.kill(process.pid, 'SIGINT');
  });

  return {
    async ask(question) {
      reader.setPrompt(printable(question));
      reader.prompt();
      const kept = lines.shift();
      if (kept !== undefined) return kept.trim();
      const line = isOver
        ? null
        : await new Promise<string | null>((resolve) => (waiting = resolve));
      waiting = null;
      if (line === null) output.write('\n');
      return line?.trim() ?? null;
    },
    say(said) {
      output.write(`${said.map(printable).join('\n')}\n`);
    },
    close: () => reader.close(),
  };
}

/**
 * Asks until `parse` understands the answer.
 *
 * @param parse - gives the value, or what to say before asking again
 * @returns `null` if the input ends
 */
export async function askUntil<T>(
  prompt: Prompt,
  question: string,
  parse: (answer: string) => { readonly value: T } | { readonly problem: string },
): Promise<{ readonly value: T } | null> {
  for (;;) {
    const answer = await prompt.ask(question);
    if (answer === null) return null;
    const parsed = parse(answer);
    if ('value' in parsed) return parsed;
    prompt.say([parsed.problem]);
  }
}

export function askYesNo(
  prompt: Prompt,
  question: string,
): Promise<{ readonly value: boolean } | null> {
  return askUntil(prompt, `${question} (yes/no) `, (answer) => {
    if (/^y(es)?$/i.test(answer)) return { value: true };
    if (/^no?$/i.test(answer)) return { value: false };
    return { problem: 'Please answer "yes" or "no".' };
  });
}
