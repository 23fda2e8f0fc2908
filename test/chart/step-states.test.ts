import { describe, expect, it } from 'vitest';
import type { ReviewStep, WaitStep } from '../../src/plan/plan.ts';
import { anybody, ChartRun, failed } from './support/chart-run.ts';
import { aCall, aGate, aPlan, aPredicate, aTask, attempts } from './support/plans.ts';

describe('a task', () => {
  it('is retried after a wait, as often as its policy says', () => {
    const run = begun(aTask('a', [], { call: { retry: attempts(3) } }));

    run.fail('a', { retryable: true }).fire('a.retry_due').fail('a', { retryable: true });

    expect(run.context.attempts).toEqual({ a: 2 });
    expect(run.fire('a.retry_due').fail('a', { retryable: true }).status).toBe('failed');
  });

  it('is not retried if the failure will not go away', () => {
    expect(begun(aTask('a', [], { call: { retry: attempts(3) } })).fail('a').status).toBe('failed');
  });

  it('forgets its attempts when it has ended', () => {
    const run = begun(aTask('a', [], { call: { retry: attempts(3) } }), aTask('b', ['a']));

    run.fail('a', { retryable: true }).fire('a.retry_due').complete('a');

    expect(run.context.attempts).toEqual({});
  });

  it('hands on to its fallback, which has attempts of its own', () => {
    const run = begun(
      aTask('a', [], { call: { retry: attempts(2) }, fallback: aCall({ retry: attempts(2) }) }),
    );
    run.fail('a', { retryable: true }).fire('a.retry_due').fail('a');

    expect(run.effects.at(-1)).toEqual({ type: 'attempt', step: 'a', fallback: true });
    expect(run.context.attempts).toEqual({});

    run.fail('a', { retryable: true }).fire('a.retry_due');

    expect(run.effects.at(-1)).toEqual({ type: 'attempt', step: 'a', fallback: true });
    expect(run.complete('a').status).toBe('complete');
  });

  it('tolerates the failures it names, and no other', () => {
    const tolerant = aTask('a', [], { call: { failures: { full: {} } }, tolerate: ['full'] });

    expect(begun(tolerant).fail('a', { code: 'full' }).status).toBe('complete');
    expect(begun(tolerant).fail('a', { code: 'empty' }).status).toBe('failed');
    expect(begun(tolerant).fail('a').status).toBe('failed');
  });

  it('is put off without counting an attempt', () => {
    const breaker = { name: 'b', failureThreshold: 1, resetAfterMs: 1, whenOpen: 'wait' } as const;
    const run = begun(aTask('a', [], { call: { breaker, retry: attempts(2) } }));

    run.ended('a');
    run.send({ type: 'a.deferred' });

    expect([...run.asked.timers]).toEqual(['a.deferral_over']);
    expect(run.fire('a.deferral_over').context.attempts).toEqual({});
    expect(run.complete('a').status).toBe('complete');
  });

  it('out of time is abandoned, tolerated or not', () => {
    const late = aTask('a', [], { withinMs: 1_000 });
    const run = begun(late).fire('a.deadline_passed');
    const tolerant = begun({ ...late, tolerate: 'any' });
    tolerant.settle('a', { ...failed('a'), type: 'a.deadline_passed' });

    expect(run.effects).toContainEqual({ type: 'abandon', step: 'a' });
    expect(run.status).toBe('failed');
    expect(run.asked.running.size).toBe(0);
    expect(tolerant.effects).toContainEqual({ type: 'abandon', step: 'a' });
    expect(tolerant.status).toBe('complete');
  });

  it('out of time while it waits for its next attempt is abandoned as well', () => {
    const run = begun(aTask('a', [], { call: { retry: attempts(3) }, withinMs: 1_000 }));

    run.fail('a', { retryable: true }).fire('a.deadline_passed');

    expect(run.status).toBe('failed');
    expect(run.asked.timers.size).toBe(0);
  });

  it('out of time that must not be repeated unasked leaves a doubt while it runs, and none while it waits', () => {
    const unsafe = aTask('a', [], {
      call: { repeat: 'unsafe', retry: attempts(3) },
      withinMs: 1_000,
    });
    const waiting = begun(unsafe).fail('a', { retryable: true });

    expect(begun(unsafe).fire('a.deadline_passed').context.doubts).toEqual(['a']);
    expect(waiting.fire('a.deadline_passed').context.doubts).toEqual([]);
  });

  it('keeps its deadline while it is put off, and while a person says what happened', () => {
    const breaker = { name: 'b', failureThreshold: 1, resetAfterMs: 1, whenOpen: 'wait' } as const;
    const run = begun(aTask('a', [], { call: { breaker, repeat: 'unsafe' }, withinMs: 1_000 }));

    run.ended('a');
    run.send({ type: 'a.deferred' }).fire('a.deferral_over').ended('a');
    run.send({ ...failed('a'), type: 'a.in_doubt' });
    run.send({ type: 'a.did_not_happen', decider: anybody });

    expect([...run.asked.timers]).toEqual(['a.deadline_passed']);
    expect(run.asked.reviews.size).toBe(0);
  });

  it('keeps its deadline over retries', () => {
    const run = begun(aTask('a', [], { call: { retry: attempts(3) }, withinMs: 1_000 }));

    run.fail('a', { retryable: true }).fire('a.retry_due');

    expect([...run.asked.timers]).toEqual(['a.deadline_passed']);
  });
});

describe('an attempt nobody knows the outcome of', () => {
  const unsafe = aTask('a', [], {
    call: { repeat: 'unsafe', retry: attempts(3), compensate: 'handler' },
  });
  const doubted = (step = unsafe) => {
    const run = begun(step);
    run.ended('a');
    return run.send({ ...failed('a'), type: 'a.in_doubt' });
  };

  it('is put before a person', () => {
    const run = doubted();

    expect(run.effects.at(-1)).toEqual({ type: 'review', step: 'a', inDoubt: true });
    expect(run.context.doubts).toEqual(['a']);
  });

  it('happened: the step is complete and joins the undo list', () => {
    const run = doubted().settle('a', { type: 'a.happened', decider: anybody });

    expect(run.status).toBe('complete');
    expect(run.context).toMatchObject({ doubts: [], undoable: 1 });
  });

  it('did not happen: it is run again', () => {
    const run = doubted().send({ type: 'a.did_not_happen', decider: anybody });

    expect(run.context.doubts).toEqual([]);
    expect([...run.asked.running]).toEqual(['a']);
  });

  it('is given up: the run fails, and the doubt remains', () => {
    const run = doubted().send({ ...failed('a'), type: 'a.given_up', decider: anybody });

    expect(run.status).toBe('failed');
    expect(run.context.doubts).toEqual(['a']);
  });

  it('is given up for a fallback', () => {
    const run = doubted({ ...unsafe, fallback: aCall() });

    run.send({ ...failed('a'), type: 'a.given_up', decider: anybody });

    expect(run.effects.at(-1)).toEqual({ type: 'attempt', step: 'a', fallback: true });
  });

  it.each(['a.happened', 'a.did_not_happen', 'a.given_up'])(
    '%s is for those who may decide',
    (type) => {
      const excluded = { ...anybody, excluded: ['ann'] };

      expect(doubted().tries({ type, decider: excluded })).toBeNull();
      expect(doubted().tries({ type })).toBeNull();
    },
  );

  it('while the run stops keeps the doubt and ends the wait for it', () => {
    const run = begun(unsafe, aTask('b'));
    run.fail('b').ended('a');

    run.send({ ...failed('a'), type: 'a.in_doubt' });

    expect(run.status).toBe('failed');
    expect(run.context.doubts).toEqual(['a']);
  });
});

describe('a review in the middle', () => {
  const review: ReviewStep = {
    id: 'look',
    kind: 'review',
    after: [],
    gates: [],
    form: {},
    notBy: [],
    requesterMayDecide: true,
    approve: { by: 'person' },
    expiresMs: 1_000,
    onExpired: 'continue',
    onRejected: 'continue',
  };
  const ends = (step: Partial<ReviewStep>, how: 'approved' | 'rejected' | 'expired') => {
    const run = begun({ ...review, ...step });
    return how === 'expired'
      ? run.settle('look', { ...failed('look'), type: 'look.expired' }).status
      : run.decide('look', how).status;
  };

  it.each<[Partial<ReviewStep>, readonly string[]]>([
    [{}, ['complete', 'complete', 'complete']],
    [{ onRejected: 'fail' }, ['complete', 'failed', 'complete']],
    [{ onExpired: 'fail' }, ['complete', 'complete', 'failed']],
    [{ onExpired: 'reject' }, ['complete', 'complete', 'complete']],
    [{ onExpired: 'reject', onRejected: 'fail' }, ['complete', 'failed', 'failed']],
  ])('with %j ends the run as %j when approved, rejected, expired', (step, expected) => {
    expect([ends(step, 'approved'), ends(step, 'rejected'), ends(step, 'expired')]).toEqual(
      expected,
    );
  });

  it('without a limit does not expire', () => {
    const { expiresMs: _, ...endless } = review;

    expect(begun(endless).tries({ type: 'look.expired' })).toBeNull();
  });

  it('keeps the run processing, and carries the tag of a review', () => {
    const run = begun(review);

    expect(run.status).toBe('processing');
    expect(run.snapshot.hasTag('waiting_review')).toBe(true);
  });

  it.each([
    [{ ...anybody, assignees: ['bob'] }, false],
    [{ ...anybody, assignees: ['ann'] }, true],
    [{ ...anybody, assignees: ['leads'], groups: ['leads'] }, true],
    [{ ...anybody, assignees: ['leads'], groups: ['ops'] }, false],
    [{ ...anybody, assignees: [] }, false],
    [{ ...anybody, assignees: ['ann'], excluded: ['ann'] }, false],
    [{ ...anybody, excluded: ['bob'] }, true],
  ])('decided by %j: %s', (decider, isAccepted) => {
    const run = begun(review);

    expect(run.tries({ type: 'look.decided', outcome: 'approved', decider }) !== null).toBe(
      isAccepted,
    );
  });

  it('takes no decision without a decider or an outcome', () => {
    const run = begun(review);

    expect(run.tries({ type: 'look.decided', outcome: 'approved' })).toBeNull();
    expect(run.tries({ type: 'look.decided', decider: anybody })).toBeNull();
  });

  it('by a policy that holds asks nobody; by one that does not asks a person', () => {
    const approve = { by: 'guard', condition: { fact: '?cheap' }, label: 'cheap' } as const;
    const plan = aPlan([
      aTask('a'),
      aPredicate('cheap', 'a'),
      { ...review, approve, after: ['a', '?cheap'] },
    ]);

    expect(new ChartRun(plan, () => true).start().complete('a').status).toBe('complete');
    expect([...new ChartRun(plan, () => false).start().complete('a').asked.reviews]).toEqual([
      'look',
    ]);
  });
});

describe('a wait', () => {
  const wait: WaitStep = {
    id: 'w',
    kind: 'wait',
    after: [],
    gates: [],
    event: 'arrived',
    where: [],
    withinMs: 1_000,
    onTimeout: 'fail',
    early: 'keep',
  };

  it('ends when the event comes, and fails the run or goes on when it does not', () => {
    expect(begun(wait).settle('w', { type: 'w.received' }).status).toBe('complete');
    expect(begun(wait).send({ ...failed('w'), type: 'w.timed_out' }).status).toBe('failed');
    expect(
      begun({ ...wait, onTimeout: 'continue' }).settle('w', { type: 'w.timed_out' }).status,
    ).toBe('complete');
  });

  it('without a limit does not time out', () => {
    const { withinMs: _, ...endless } = wait;

    expect(begun(endless).tries({ type: 'w.timed_out' })).toBeNull();
  });
});

describe('a step that fails the run', () => {
  it('does so when it is reached', () => {
    const run = begun(aTask('a'), {
      id: 'no',
      kind: 'fail',
      after: ['a'],
      gates: [],
      message: 'no',
    });

    expect(run.complete('a').context.failure).toMatchObject({ step: 'no', message: 'no' });
  });

  it('is skipped if its gate is shut', () => {
    const plan = aPlan([
      aTask('a'),
      aPredicate('bad', 'a'),
      { id: 'no', kind: 'fail', after: [], gates: [aGate({ fact: '?bad' })], message: 'no' },
    ]);

    expect(new ChartRun(plan, () => false).start().complete('a').status).toBe('complete');
  });
});

describe('a run that stops', () => {
  const two = [
    aTask('a', [], { call: { compensate: 'handler', retry: attempts(3) } }),
    aTask('b', [], { call: { compensate: 'handler' } }),
    aTask('c', ['a', 'b']),
  ];

  it('waits for what runs, and undoes what it completed meanwhile', () => {
    const run = begun(...two).fail('b');

    expect(run.isDraining).toBe(true);
    expect(run.effects.at(-1)).toEqual({ type: 'stop', running: ['a'], mode: 'drain' });
    expect(run.complete('a').status).toBe('compensating');
  });

  it('does not retry what fails meanwhile', () => {
    expect(
      begun(...two)
        .fail('b')
        .fail('a', { retryable: true }).status,
    ).toBe('failed');
  });

  it('withdraws its waits at once', () => {
    const sleep = {
      id: 's',
      kind: 'sleep',
      after: [],
      gates: [],
      for: { kind: 'literal', value: 1 },
    } as const;
    const run = begun(sleep, aTask('a')).fail('a');

    expect(run.asked.timers.size).toBe(0);
    expect(run.status).toBe('failed');
  });

  it('cancelled by force gives up what does not end, and doubts it', () => {
    const run = begun(...two).send({ type: 'run.cancelled', mode: 'abort', reason: 'enough' });

    expect(run.effects.at(-1)).toMatchObject({ type: 'stop', mode: 'abort', running: ['a', 'b'] });
    run.send({ type: 'stop.grace_over' });

    expect(run.status).toBe('cancelled');
    expect(run.context).toMatchObject({
      doubts: ['a', 'b'],
      cancel: { mode: 'abort', reason: 'enough' },
    });
  });

  it('because it failed stays failed when it is cancelled on top', () => {
    const run = begun(...two)
      .fail('b')
      .send({ type: 'run.cancelled' })
      .fail('a');

    expect(run.status).toBe('failed');
  });

  it('takes no result of a step that does not run', () => {
    const run = begun(...two).fail('b');

    expect(run.tries({ type: 'c.completed' })).toBeNull();
    expect(run.tries({ type: 'b.completed' })).toBeNull();
  });

  it.each(['run.timed_out', 'run.faulted'])('by %s fails for the run itself', (type) => {
    const run = begun(aTask('a')).send({ type });

    expect(run.complete('a').context.failure).toMatchObject({ step: 'run' });
  });
});

describe('the closing review', () => {
  const plan = (given: object, onFailure: 'compensate' | 'keep' = 'compensate') =>
    aPlan([aTask('a', [], { call: { compensate: 'handler' } })], {
      onFailure,
      finish: { approve: { by: 'person' }, requesterMayDecide: true, ...given },
    });
  const closing = (given: object = {}, onFailure: 'compensate' | 'keep' = 'compensate') =>
    new ChartRun(plan(given, onFailure)).start().complete('a');

  it('stands between every run and its completion', () => {
    const run = closing();

    expect(run.status).toBe('waiting_review');
    expect(run.decide('completion', 'approved').status).toBe('complete');
  });

  it('rejected undoes what was done, or keeps it', () => {
    expect(closing().decide('completion', 'rejected').status).toBe('compensating');
    expect(closing({}, 'keep').decide('completion', 'rejected').status).toBe('failed');
  });

  it.each(['completion.expired', 'run.timed_out', 'run.faulted'])(
    '%s undoes what was done, or keeps it',
    (type) => {
      expect(closing({ expiresMs: 1 }).send({ type }).status).toBe('compensating');
      expect(closing({ expiresMs: 1 }, 'keep').send({ type }).status).toBe('failed');
    },
  );

  it('cancelled undoes what was done, whatever happens to failures', () => {
    expect(closing().send({ type: 'run.cancelled' }).status).toBe('compensating');
    expect(closing({}, 'keep').send({ type: 'run.cancelled' }).status).toBe('compensating');
  });

  it('with nothing to undo ends at once', () => {
    const nothing = () =>
      new ChartRun(
        aPlan([], { finish: { approve: { by: 'person' }, requesterMayDecide: true } }),
      ).start();

    expect(nothing().send({ type: 'run.cancelled' }).status).toBe('cancelled');
    expect(nothing().decide('completion', 'rejected').status).toBe('failed');
  });
});

describe('a failed run', () => {
  it('starts again with nothing of the past in its context', () => {
    const run = begun(aTask('a'), aTask('b', ['a']))
      .complete('a')
      .fail('b');

    run.send({ type: 'run.retried' });

    expect(run.status).toBe('pending');
    expect(run.context).toEqual(run.compiled.initial.context);
  });

  it('not undone completely is retried only by somebody who accepts that', () => {
    const run = begun(aTask('a', [], { call: { compensate: 'handler' } }), aTask('b', ['a']));
    run.complete('a').fail('b').undone({ failed: true });

    expect(run.tries({ type: 'run.retried' })).toBeNull();
    expect(run.tries({ type: 'run.retried', acceptNotUndone: true })).not.toBeNull();
  });

  it('at the start goes past processing without doing anything', () => {
    const run = new ChartRun(aPlan([aTask('a')]));
    const failure = { step: '?p', name: 'Error', message: 'boom', retryable: false };

    run.send({ type: 'run.started', faulted: true, failure });

    expect(run.status).toBe('failed');
    expect(run.effects.some((effect) => effect.type === 'attempt')).toBe(false);
    expect(run.context.failure).toEqual(failure);
  });
});

describe('ids that JavaScript knows for something else (H-02)', () => {
  const names = ['toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf'];

  it.each(names)('a step called "%s" is retried, settled and read like any other', (name) => {
    const run = begun(
      aTask(name, [], { call: { retry: attempts(2) } }),
      aTask('other'),
      aTask('both', [name, 'other']),
    );

    run.fail(name, { retryable: true });
    expect(run.context.attempts).toEqual({ [name]: 1 });
    run.fire(`${name}.retry_due`).complete(name).complete('other');

    expect(run.context.attempts).toEqual({});
    expect(run.complete('both').status).toBe('complete');
  });
});

function begun(...nodes: Parameters<typeof aPlan>[0]): ChartRun {
  return new ChartRun(aPlan(nodes)).start();
}
