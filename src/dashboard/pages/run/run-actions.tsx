/** What an operator can do to a run. Each dialog says what will happen before it happens. */
import { ActionIcon, Button, Group, Menu, Tooltip } from '@mantine/core';
import {
  ArrowLeftRight,
  Ban,
  Download,
  EllipsisVertical,
  FlaskConical,
  GitFork,
  Pause,
  Play,
  RotateCcw,
} from 'lucide-react';
import { useState } from 'react';
import type { Run } from '../../../api/run-shapes.ts';
import { client } from '../../data/client.ts';
import { useRoles } from '../../data/me.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { AuditPackDialog } from './audit-pack-dialog.tsx';
import { CancelDialog } from './cancel-dialog.tsx';
import { CompareDialog } from './compare-dialog.tsx';
import { CopyAsTestDialog } from './copy-as-test-dialog.tsx';
import { ForkDialog } from './fork-dialog.tsx';
import { PauseDialog } from './pause-dialog.tsx';
import { RetryDialog } from './retry-dialog.tsx';
import { useRunAction } from './use-run-action.ts';

type Dialog = 'cancel' | 'retry' | 'fork' | 'pause' | 'compare' | 'test' | 'pack';

export function RunActions({ run }: { readonly run: Run }) {
  const [open, setOpen] = useState<Dialog | null>(null);
  const close = () => setOpen(null);
  const { runId } = run;
  const isOver = run.finishedAt !== null;
  const resume = useRunAction(run, 'Run resumed', () =>
    client.runs.resume({ params: { runId }, body: {} }),
  );
  const isOperator = useRoles().operator;
  return (
    <Group gap="xs" wrap="nowrap">
      {isOperator && !isOver && run.paused && (
        <Button
          leftSection={<Play size={14} aria-hidden />}
          loading={resume.isPending}
          onClick={() => resume.mutate()}
        >
          Resume
        </Button>
      )}
      {isOperator && !isOver && !run.paused && (
        <Button
          variant="default"
          leftSection={<Pause size={14} aria-hidden />}
          onClick={() => setOpen('pause')}
        >
          Pause
        </Button>
      )}
      {isOperator && run.status === 'failed' && (
        <Button leftSection={<RotateCcw size={14} aria-hidden />} onClick={() => setOpen('retry')}>
          Retry
        </Button>
      )}
      {isOperator && !isOver && (
        <Button
          variant="default"
          leftSection={<Ban size={14} aria-hidden />}
          onClick={() => setOpen('cancel')}
        >
          Cancel
        </Button>
      )}
      {isOperator && isOver && (
        <Button
          variant="default"
          leftSection={<GitFork size={14} aria-hidden />}
          onClick={() => setOpen('fork')}
        >
          Fork
        </Button>
      )}
      <CliCommand args={isOperator && run.paused ? ['resume', runId] : ['show', runId]} />
      <Menu position="bottom-end">
        <Menu.Target>
          <Tooltip label="More">
            <ActionIcon variant="default" size={30} aria-label="More actions">
              <EllipsisVertical size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          {isOperator && !isOver && (
            <Menu.Item
              leftSection={<GitFork size={14} aria-hidden />}
              onClick={() => setOpen('fork')}
            >
              Fork from here…
            </Menu.Item>
          )}
          <Menu.Item
            leftSection={<ArrowLeftRight size={14} aria-hidden />}
            onClick={() => setOpen('compare')}
          >
            Compare with another run…
          </Menu.Item>
          <Menu.Item
            leftSection={<FlaskConical size={14} aria-hidden />}
            onClick={() => setOpen('test')}
          >
            Copy as test…
          </Menu.Item>
          <Menu.Item
            leftSection={<Download size={14} aria-hidden />}
            onClick={() => setOpen('pack')}
          >
            Export the audit pack…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {open === 'cancel' && <CancelDialog run={run} onClose={close} />}
      {open === 'pause' && <PauseDialog run={run} onClose={close} />}
      {open === 'retry' && <RetryDialog run={run} onClose={close} />}
      {open === 'fork' && <ForkDialog run={run} at={run.entries} onClose={close} />}
      {open === 'compare' && <CompareDialog run={run} onClose={close} />}
      {open === 'pack' && <AuditPackDialog run={run} onClose={close} />}
      {open === 'test' && <CopyAsTestDialog run={run} onClose={close} />}
    </Group>
  );
}
