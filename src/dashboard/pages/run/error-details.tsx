import { Alert, Text } from '@mantine/core';
import { CircleX } from 'lucide-react';
import type { JsonObject } from '../../../plan/json.ts';
import { textAt } from '../../parts/json-text.ts';

/** A failure as the history keeps it: name, message, what caused it. */
export function ErrorDetails({ error }: { readonly error: JsonObject }) {
  const { name, message, code, retryable } = error;
  const reason = textAt(error, 'cause', 'message');
  return (
    <Alert
      variant="light"
      color="red"
      icon={<CircleX size={16} aria-hidden />}
      title={typeof name === 'string' ? name : 'Failure'}
      p="xs"
    >
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {typeof message === 'string' ? message : JSON.stringify(error)}
      </Text>
      {reason !== null && (
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          because: {reason}
        </Text>
      )}
      <Text size="xs" c="dimmed">
        {typeof code === 'string' && `${code} · `}
        {retryable === true ? 'may be repeated' : retryable === false ? 'not worth repeating' : ''}
      </Text>
    </Alert>
  );
}
