/** What Fastify refuses by itself, in the words of the service. */
import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { type ErrorCode, SignalboxError } from '../../errors.ts';

const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'REQUEST_INVALID',
  404: 'NOT_FOUND',
  406: 'NOT_ACCEPTABLE',
  408: 'REQUEST_TOO_SLOW',
  413: 'PAYLOAD_TOO_LARGE',
  414: 'REQUEST_INVALID',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
  503: 'TIMED_OUT',
};

/** An error of the service's own; what is none stays as it is. */
export function inOurWords(error: unknown): unknown {
  if (error instanceof SignalboxError || !(error instanceof Error)) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return ofValidation(error);
  const { statusCode, code } = error as Partial<FastifyError>;
  const known =
    typeof code === 'string' && code.startsWith('FST_') ? codes[statusCode ?? 500] : undefined;
  return known === undefined ? error : new SignalboxError(known, error.message, { cause: error });
}

interface ValidationError {
  readonly validation: readonly { readonly instancePath: string; readonly message?: string }[];
  readonly validationContext?: string;
}

function ofValidation(error: object): SignalboxError {
  const { validation, validationContext = 'body' } = error as ValidationError;
  const where = validationContext === 'querystring' ? 'query' : validationContext;
  const issues = validation.map(({ instancePath, message = 'is not valid' }) => ({
    in: where,
    path: instancePath.split('/').filter((key) => key !== ''),
    message,
  }));
  const text = issues.map(({ path, message }) => `${[where, ...path].join('.')}: ${message}`);
  return new SignalboxError('REQUEST_INVALID', `The request is not valid: ${text.join('; ')}`, {
    details: { issues },
    cause: error,
  });
}
