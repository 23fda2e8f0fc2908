/** What is approved: readable, as a diff to what was shown before, and as the JSON the hash is of. */
import { Code, CopyButton, Group, Tabs, Text, Title, Tooltip, UnstyledButton } from '@mantine/core';
import { Fingerprint } from 'lucide-react';
import type { ReviewDetails } from '../../../api/reviews.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { ReadableValue } from '../../parts/readable-value.tsx';
import { Time } from '../../parts/time.tsx';
import { ShownChanges } from './shown-changes.tsx';

export function Shown({ review }: { readonly review: ReviewDetails }) {
  const { shown, shownHash, previous } = review;
  return (
    <section className="card" aria-labelledby="shown" style={{ padding: 16 }}>
      <Group justify="space-between" mb="xs" gap="xs">
        <Title order={2} id="shown">
          What is to be decided
        </Title>
        <Hash hash={shownHash} />
      </Group>
      <Tabs defaultValue={previous === null ? 'readable' : 'changes'} keepMounted={false}>
        <Tabs.List mb="sm" aria-label="How it is shown">
          {previous !== null && (
            <Tabs.Tab value="changes">Changes ({previous.changes.length})</Tabs.Tab>
          )}
          <Tabs.Tab value="readable">Content</Tabs.Tab>
          <Tabs.Tab value="json">JSON</Tabs.Tab>
        </Tabs.List>
        {previous !== null && (
          <Tabs.Panel value="changes">
            <Text size="sm" c="dimmed" mb="sm">
              It was {wordOf(previous.how)} by {previous.actor} <Time at={previous.closedAt} />;
              this is what has changed since.
            </Text>
            <ShownChanges changes={previous.changes} />
          </Tabs.Panel>
        )}
        <Tabs.Panel value="readable">
          {shown === null ? (
            <Text size="sm" c="dimmed">
              The workflow shows nothing here.
            </Text>
          ) : (
            <Text component="div" size="sm">
              <ReadableValue value={shown} />
            </Text>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="json">
          <JsonView value={shown} label="What is shown" openDepth={4} />
        </Tabs.Panel>
      </Tabs>
    </section>
  );
}

function wordOf(how: string): string {
  return how.replace(/^review\./, '').replaceAll('_', ' ');
}

/** The decision is bound to it: one about something else is refused. */
function Hash({ hash }: { readonly hash: string }) {
  return (
    <CopyButton value={hash}>
      {({ copied, copy }) => (
        <Tooltip label="SHA-256 of what is shown here. Your decision holds for exactly this; if it changes meanwhile, the decision is refused.">
          <UnstyledButton onClick={copy}>
            <Group gap={4} wrap="nowrap">
              <Fingerprint size={14} aria-hidden />
              <span className="visually-hidden">Hash of what is shown, copy:</span>
              <Code>{copied ? 'Copied' : hash.slice(0, 12)}</Code>
            </Group>
          </UnstyledButton>
        </Tooltip>
      )}
    </CopyButton>
  );
}
