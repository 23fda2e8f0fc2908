/** The decision: its form, a comment, and the buttons. Nothing is sent but by a button. */
import { Alert, Button, Group, Radio, Stack, Text, Textarea, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import type { ReviewDetails } from '../../../api/reviews.ts';
import { ServiceError } from '../../../client/index.ts';
import type { Json, JsonSchema } from '../../../plan/json.ts';
import { client } from '../../data/client.ts';
import { useRoles } from '../../data/me.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { Failure } from '../../parts/states.tsx';
import { isObject } from '../../schema-form/field-shape.ts';
import { problemsOfRefusal } from '../../schema-form/form-problems.ts';
import { SchemaForm } from '../../schema-form/schema-form.tsx';
import { useSchemaForm } from '../../schema-form/use-schema-form.ts';
import type { Decision } from './decided.tsx';
import { isTyping } from './inbox-list.tsx';
import { isOutcome, type Outcome, outcomeWords } from './review-words.ts';

const nothing: JsonSchema = { type: 'object', properties: {} };

export function DecisionForm({
  review,
  onDecided,
}: {
  readonly review: ReviewDetails;
  readonly onDecided: (decision: Decision) => void;
}) {
  const { runId, step, outcomes, shownHash } = review;
  const isReviewer = useRoles().reviewer;
  const mayDecide = isReviewer && review.mayDecide;
  const mayReject = isReviewer && review.mayReject;
  const whyNot = isReviewer ? review.whyNot : 'Your role is to look; reviewers decide.';
  const isAllowed = (each: Outcome) => (each === 'rejected' ? mayReject : mayDecide);
  const mayAny = mayDecide || (mayReject && outcomes.includes('rejected'));
  const [search] = useSearchParams();
  const asked = search.get('outcome');
  const [outcome, setOutcome] = useState<Outcome | null>(
    isOutcome(asked) && outcomes.includes(asked) ? asked : null,
  );
  const [comment, setComment] = useState('');
  const [commentProblem, setCommentProblem] = useState<string | null>(null);
  // What the person began to decide on; a later answer of the service may show something else.
  const [begunWith, setBegunWith] = useState(shownHash);
  const isStale = begunWith !== shownHash;
  const box = useRef<HTMLTextAreaElement>(null);
  const commentId = useId();
  const schema = isObject(review.form) ? review.form : nothing;
  const form = useSchemaForm({ schema, draftKey: `decide.${runId}.${step}` });
  const queries = useQueryClient();
  const choose = (next: Outcome) => {
    setOutcome(next);
    setCommentProblem(null);
  };
  useOutcomeKeys(outcomes, choose, box);

  const send = useMutation({
    mutationFn: (chosen: Outcome) =>
      client.reviews.decide({
        params: { runId, step },
        body: {
          outcome: chosen,
          shownHash: begunWith,
          ...(comment.trim() === '' ? {} : { comment: comment.trim() }),
          ...(chosen === 'approved' && form.value !== undefined ? { form: form.value } : {}),
          ...(chosen === 'happened' && form.value !== undefined ? { output: form.value } : {}),
        },
      }),
    onSuccess: (answer, chosen) => {
      form.forget();
      onDecided({ outcome: chosen, ...answer });
    },
    onError: (error) => {
      if (error instanceof ServiceError) form.refuse(problemsOfRefusal(error.problem));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['reviews', 'list'] }),
  });

  const submit = () => {
    if (outcome === null) return;
    if (outcome === 'rejected' && comment.trim() === '') {
      setCommentProblem('Say why it is rejected');
      box.current?.focus();
      return;
    }
    if (takesForm(outcome) && !form.check()) return;
    send.mutate(outcome);
  };

  const hasForm = outcome !== null && takesForm(outcome) && hasFields(schema);
  const words = outcome === null ? null : outcomeWords[outcome];
  return (
    <section className="card" aria-labelledby="decide" style={{ padding: 16 }}>
      <Group justify="space-between" mb="sm">
        <Title order={2} id="decide">
          Your decision
        </Title>
        <CliCommand
          args={commandOf(review, outcome ?? outcomes[0] ?? 'approved', comment, form.value)}
        />
      </Group>
      {!mayDecide && (
        <Alert
          color="gray"
          variant="light"
          mb="sm"
          title={`You may not ${mayAny ? 'approve' : 'decide'} this now`}
        >
          {whyNot}
        </Alert>
      )}
      {isStale && (
        <Alert
          color="yellow"
          variant="light"
          mb="sm"
          role="alert"
          title="What is shown has changed"
        >
          <Stack gap="xs" align="flex-start">
            <Text size="sm">
              A decision about the earlier content would be refused. Look at it again.
            </Text>
            <Button variant="default" onClick={() => setBegunWith(shownHash)}>
              I have looked at it
            </Button>
          </Stack>
        </Alert>
      )}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack gap="md">
          <Radio.Group
            aria-label="Outcome"
            value={outcome}
            onChange={(next) => isOutcome(next) && choose(next)}
          >
            <Stack gap="xs">
              {outcomes.map((each) => (
                <Radio.Card
                  key={each}
                  value={each}
                  p="sm"
                  disabled={!isAllowed(each)}
                  data-outcome={each}
                >
                  <Group gap="sm" wrap="nowrap" align="flex-start">
                    <Radio.Indicator color={outcomeWords[each].colour} />
                    <div>
                      <Text fw={600} size="sm">
                        {outcomeWords[each].verb}
                      </Text>
                      <Text size="xs" c="dimmed">
                        {outcomeWords[each].about}
                      </Text>
                    </div>
                  </Group>
                </Radio.Card>
              ))}
            </Stack>
          </Radio.Group>
          {hasForm && (
            <SchemaForm
              form={form}
              label={outcome === 'happened' ? 'Result' : 'Form'}
              isDisabled={!mayDecide}
            />
          )}
          <Textarea
            ref={box}
            id={commentId}
            label="Comment"
            description="Kept with the decision, in the history of the run"
            withAsterisk={outcome === 'rejected'}
            aria-required={outcome === 'rejected'}
            autosize
            minRows={2}
            maxRows={8}
            maxLength={2_000}
            disabled={!mayAny}
            value={comment}
            error={commentProblem}
            onChange={(event) => {
              setComment(event.currentTarget.value);
              setCommentProblem(null);
            }}
          />
          {send.isError && <Failure error={send.error} />}
          <Button
            type="submit"
            size="sm"
            color={words?.colour ?? 'gray'}
            disabled={outcome === null || !isAllowed(outcome) || isStale}
            loading={send.isPending}
          >
            {words?.verb ?? 'Choose an outcome'}
          </Button>
        </Stack>
      </form>
    </section>
  );
}

function takesForm(outcome: Outcome): boolean {
  return outcome === 'approved' || outcome === 'happened';
}

function hasFields(schema: JsonSchema): boolean {
  const { properties, type } = schema;
  if (type !== 'object' || !isObject(properties)) return Object.keys(schema).length > 0;
  return Object.keys(properties).length > 0;
}

function commandOf(
  { runId, step }: ReviewDetails,
  outcome: Outcome,
  comment: string,
  value: Json | undefined,
): readonly string[] {
  const hasValue = isObject(value) ? Object.keys(value).length > 0 : value !== undefined;
  const flag = outcome === 'happened' ? '--output' : '--form';
  return [
    'review',
    runId,
    step,
    outcomeWords[outcome].flag,
    ...(takesForm(outcome) && hasValue ? [flag, JSON.stringify(value)] : []),
    ...(comment.trim() === '' ? [] : ['--comment', comment.trim()]),
  ];
}

/** `a` approves and `r` rejects as far as choosing goes; sending is another step. */
function useOutcomeKeys(
  outcomes: readonly Outcome[],
  choose: (outcome: Outcome) => void,
  comment: React.RefObject<HTMLTextAreaElement | null>,
): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const wanted = event.key === 'a' ? 'approved' : event.key === 'r' ? 'rejected' : null;
      if (event.key === 'c' || wanted === 'rejected') {
        event.preventDefault();
        comment.current?.focus();
      }
      if (wanted === null || !outcomes.includes(wanted)) return;
      event.preventDefault();
      choose(wanted);
      if (wanted === 'approved') {
        document.querySelector<HTMLElement>(`[data-outcome='approved']`)?.focus();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [outcomes, choose, comment]);
}
