/** The Markdown the service itself writes: headings, paragraphs, tables, lists, code, emphasis. Anything else stays text. */
import { Code, List, Table, Text, Title } from '@mantine/core';
import { Fragment, type ReactNode } from 'react';

type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | {
      readonly kind: 'table';
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'text'; readonly text: string };

/** @param skipTitle - leaves out the first heading, where the page around it has one */
export function Markdown({
  text,
  skipTitle = false,
}: {
  readonly text: string;
  readonly skipTitle?: boolean;
}) {
  const blocks = blocksOf(text);
  const shown = skipTitle
    ? blocks.filter((block) => block.kind !== 'heading' || block.level > 1)
    : blocks;
  return shown.map((block, index) => <Shown key={index} block={block} />);
}

function Shown({ block }: { readonly block: Block }) {
  switch (block.kind) {
    case 'heading':
      return (
        <Title order={block.level <= 2 ? 2 : 3} mt={block.level <= 2 ? 'lg' : 'md'} mb={6}>
          <Inline text={block.text} />
        </Title>
      );
    case 'list':
      return (
        <List size="sm" mb="sm">
          {block.items.map((item, index) => (
            <List.Item key={index}>
              <Inline text={item} />
            </List.Item>
          ))}
        </List>
      );
    case 'table':
      return <Rows head={block.head} rows={block.rows} />;
    case 'text':
      return (
        <Text size="sm" mb="sm" style={{ overflowWrap: 'anywhere' }}>
          <Inline text={block.text} />
        </Text>
      );
    default:
      return block satisfies never;
  }
}

function Rows({
  head,
  rows,
}: {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}) {
  const hasHead = head.some((cell) => cell !== '');
  return (
    <Table.ScrollContainer minWidth={420} mb="sm" tabIndex={0} role="group" aria-label="Table">
      <Table fz="sm">
        {hasHead && (
          <Table.Thead>
            <Table.Tr>
              {head.map((cell, index) =>
                cell === '' ? (
                  <Table.Td key={index} />
                ) : (
                  <Table.Th key={index} scope="col">
                    <Inline text={cell} />
                  </Table.Th>
                ),
              )}
            </Table.Tr>
          </Table.Thead>
        )}
        <Table.Tbody>
          {rows.map((row, index) => (
            <Table.Tr key={index}>
              {row.map((cell, at) => (
                <Table.Td key={at}>
                  <Inline text={cell} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** `code`, **strong**, and links as their text: what they lead to lies beside the page, not in the service. */
function Inline({ text }: { readonly text: string }): ReactNode {
  const parts = text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)]+\))/);
  return parts.map((part, index) => <Fragment key={index}>{partOf(part)}</Fragment>);
}

function partOf(part: string): ReactNode {
  if (part.startsWith('`') && part.endsWith('`')) return <Code>{part.slice(1, -1)}</Code>;
  if (part.startsWith('**') && part.endsWith('**')) return <b>{part.slice(2, -2)}</b>;
  const link = /^\[([^\]]+)\]\([^)]+\)$/.exec(part);
  return link === null ? part.replaceAll('\\|', '|') : link[1];
}

function blocksOf(text: string): readonly Block[] {
  const lines = text.split('\n').filter((line) => !/^(<!--|!\[)/.test(line));
  const blocks: Block[] = [];
  let at = 0;
  const take = (isPart: (line: string) => boolean): string[] => {
    const from = at;
    while (at < lines.length && isPart(lines[at] ?? '')) at += 1;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const heading = /^(#+) (.*)/.exec(line);
    if (line.trim() === '') at += 1;
    else if (heading !== null) {
      blocks.push({ kind: 'heading', level: heading[1]?.length ?? 1, text: heading[2] ?? '' });
      at += 1;
    } else if (line.startsWith('|')) {
      const [head = [], , ...rows] = take((each) => each.startsWith('|')).map(cellsOf);
      blocks.push({ kind: 'table', head, rows });
    } else if (line.startsWith('- ')) {
      const items = take((each) => each.startsWith('- ') || each.startsWith('  '));
      blocks.push({ kind: 'list', items: items.map((item) => item.replace(/^\s*-? ?/, '')) });
    } else {
      const paragraph = take((each) => each.trim() !== '' && !/^(#|\||- )/.test(each));
      blocks.push({ kind: 'text', text: paragraph.join(' ') });
    }
  }
  return blocks;
}

function cellsOf(line: string): readonly string[] {
  return line
    .replace(/^\|/, '')
    .replace(/\|\s*$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}
