/** One line of the list: what it is, how it stands, what it waits for or how it ended. */
import { Checkbox } from '@mantine/core';
import type { Run } from '../../../api/run-shapes.ts';
import { durationInWords } from '../../parts/duration.ts';
import { RunLink } from '../../parts/run-id.tsx';
import { isHeld, StatusBadge } from '../../parts/status-badge.tsx';
import { Time, useNowMs } from '../../parts/time.tsx';
import { failureText } from '../run/failure-text.ts';
import styles from './runs.module.css';

export function RunRow({
  run,
  mayChoose,
  isChosen,
  onChoose,
}: {
  readonly run: Run;
  readonly mayChoose: boolean;
  readonly isChosen: boolean;
  readonly onChoose: (runId: string, isChosen: boolean) => void;
}) {
  const labels = Object.entries(run.labels);
  return (
    <>
      <div role="cell" className={styles['choose']}>
        {mayChoose && (
          <Checkbox
            aria-label={`Choose run ${run.runId}`}
            checked={isChosen}
            onChange={(event) => onChoose(run.runId, event.currentTarget.checked)}
          />
        )}
      </div>
      <div role="cell" className={styles['state']}>
        <StatusBadge status={run.status} isPaused={isHeld(run)} />
      </div>
      <div role="cell" className={styles['id']}>
        <RunLink runId={run.runId} />
        {run.key !== null && (
          <span className={styles['key']} title={run.key}>
            {run.key}
          </span>
        )}
      </div>
      <div role="cell" className={styles['workflow']}>
        <span className="truncate">{run.workflow}</span>
        <span className={styles['faint']}>v{run.version}</span>
        {labels.slice(0, 2).map(([name, value]) => (
          <span key={name} className={styles['label']} title={`${name}=${value}`}>
            {value}
          </span>
        ))}
        {labels.length > 2 && <span className={styles['faint']}>+{labels.length - 2}</span>}
      </div>
      <div role="cell" className={styles['what']}>
        <What run={run} />
      </div>
      <div role="cell" className={styles['when']}>
        <Time at={run.createdAt} />
      </div>
      <div role="cell" className={styles['span']}>
        <Span run={run} />
      </div>
    </>
  );
}

/** For whom or what it waits; why it failed. */
function What({ run }: { readonly run: Run }) {
  const failure = failureText(run.outcome);
  if (failure !== null) {
    return (
      <span className={`truncate ${styles['failure']}`} title={failure.message}>
        {failure.step}: {failure.message}
      </span>
    );
  }
  const [first, ...others] = run.waitingOn;
  if (first === undefined) return <span className={styles['faint']}>–</span>;
  return (
    <span className="truncate" title={first.what}>
      {first.step === 'run' ? '' : `${first.step}: `}
      {first.what}
      {others.length > 0 && <span className={styles['faint']}> and {others.length} more</span>}
      {first.until !== null && (
        <span className={styles['faint']}>
          {' '}
          · <Time at={first.until} />
        </span>
      )}
    </span>
  );
}

/** How long it took, or has taken so far. */
function Span({ run }: { readonly run: Run }) {
  if (run.finishedAt !== null) {
    return <>{durationInWords(Date.parse(run.finishedAt) - Date.parse(run.createdAt))}</>;
  }
  return <Since at={run.createdAt} />;
}

function Since({ at }: { readonly at: string }) {
  return <>{durationInWords(useNowMs() - Date.parse(at))}</>;
}
