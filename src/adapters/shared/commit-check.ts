import type { RunCommit } from '../../ports/store.ts';
import { checkName } from './values.ts';

/**
 * What holds of every commit, whatever the store contains; checked before anything is written.
 *
 * @throws SignalboxError `INPUT_INVALID` if an id is no name
 * @throws RangeError if the commit contradicts itself, which is a bug of the caller
 */
export function checkCommit(commit: RunCommit): void {
  const { runId, state, header, history } = commit;
  checkName('runId', runId);
  if (commit.claim !== null) checkName('key', commit.claim.key);
  for (const message of commit.messages) checkName('messageId', message.id);
  for (const result of commit.remember) checkName('key', result.key);
  if (state.revision !== commit.expectedRevision + 1) {
    throw new RangeError(
      `Commit of run "${runId}" goes from revision ${commit.expectedRevision} to ${state.revision}; expected the next one`,
    );
  }
  const creates = commit.expectedRevision === 0;
  if (creates && header === null)
    throw new RangeError(`Commit of run "${runId}" creates the run without a header`);
  if (header !== null && header.id !== runId)
    throw new RangeError(`Commit of run "${runId}" has the header of run "${header.id}"`);
  if (commit.claim !== null && !creates)
    throw new RangeError(`Commit of run "${runId}" claims a key without creating the run`);
  const first = state.seq - history.length + 1;
  const gap = history.findIndex((entry, position) => entry.seq !== first + position);
  if (gap >= 0)
    throw new RangeError(
      `Commit of run "${runId}" has history entry ${history[gap]?.seq} where ${first + gap} was expected`,
    );
}
