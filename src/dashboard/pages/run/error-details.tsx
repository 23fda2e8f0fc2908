import { Alert, Text } from '@mantine/core';
import { CircleX } from 'lucide-react';
import type { JsonObject } from '../../../plan/json.ts';
import { textAt } from '../../parts/json-text.ts';
import { LongText } from '../../parts/long-text.tsx';
import { withoutStep } from './failure-text.ts';

/** A failure as the history keeps it: message, what caused it, name and code. */
export function ErrorDetails({ error }: { readonly error: JsonObject }) {
  const { name, message, code, step, retryable } = error;
  const reason = textAt(error, 'cause', 'message');
  const facts = [
    typeof step === 'string' ? `in ${step}` : null,
    typeof name === 'string' ? name : null,
    typeof code === 'string' ? code : null,
    retryable === true ? 'may be repeated' : retryable === false ? 'not worth repeating' : null,
  ].filter((fact) => fact !== null);
  return (
    <Alert variant="light" color="red" icon={<CircleX size={16} aria-hidden />} p="xs">
      <Text size="sm" fw={500}>
        <LongText
          text={typeof message === 'string' ? withoutStep(message) : JSON.stringify(error)}
        />
      </Text>
      {reason !== null && (
        <Text size="xs" c="dimmed">
          because: <LongText text={reason} />
        </Text>
      )}
      <Text size="xs" c="dimmed" mt={4}>
        {facts.join(' · ')}
      </Text>
    </Alert>
  );
}
