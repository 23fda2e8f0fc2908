/** Whose reviews are shown, with how many there are of each. */
import { ScrollArea, Switch, Tabs, Text } from '@mantine/core';
import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import styles from './inbox.module.css';
import type { Scope } from './scope.ts';

type Counts = AnswerOf<typeof api.reviews.list>['counts'];

const labels: readonly (readonly [Scope, string])[] = [
  ['decidable', 'For me to decide'],
  ['mine', 'Assigned to me'],
  ['groups', 'My groups'],
  ['all', 'All open'],
];

export function InboxTabs({
  scope,
  isOverdue,
  counts,
  onScope,
  onOverdue,
}: {
  readonly scope: Scope;
  readonly isOverdue: boolean;
  readonly counts: Counts | undefined;
  readonly onScope: (scope: Scope) => void;
  readonly onOverdue: (isOverdue: boolean) => void;
}) {
  return (
    <div className={styles['tabs']}>
      <ScrollArea type="never" className={styles['scroll'] ?? ''}>
        <Tabs value={scope} onChange={(next) => onScope((next ?? 'decidable') as Scope)}>
          <Tabs.List aria-label="Whose reviews" style={{ flexWrap: 'nowrap' }}>
            {labels.map(([value, label]) => (
              <Tabs.Tab key={value} value={value} style={{ whiteSpace: 'nowrap' }}>
                {label}{' '}
                {counts !== undefined && (
                  <Text span size="xs" c="dimmed" ml={4} className="tabular">
                    {counts[value].toLocaleString('en')}
                  </Text>
                )}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </Tabs>
      </ScrollArea>
      <Switch
        label={`Only reminded or escalated${counts === undefined ? '' : ` (${counts.overdue.toLocaleString('en')})`}`}
        checked={isOverdue}
        onChange={(event) => onOverdue(event.currentTarget.checked)}
      />
    </div>
  );
}
