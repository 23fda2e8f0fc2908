/** A run by its id: the beginning is enough to name it, the whole is a hover and a copy away. */
import { Anchor, Tooltip } from '@mantine/core';
import { Link } from 'wouter';

const shownLength = 14;

export function RunLink({
  runId,
  search = '',
}: {
  readonly runId: string;
  readonly search?: string;
}) {
  return (
    <Tooltip label={runId}>
      <Anchor
        component={Link}
        href={`/runs/${encodeURIComponent(runId)}${search}`}
        className="mono"
      >
        {shortId(runId)}
      </Anchor>
    </Tooltip>
  );
}

export function shortId(runId: string): string {
  return runId.length <= shownLength + 2 ? runId : `${runId.slice(0, shownLength)}…`;
}
