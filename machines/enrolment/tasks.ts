import { z } from 'zod';
import { type Delivery, defineTask } from '../../src/index.ts';
import { call } from '../platform.ts';
import { learningPlatform, payments, studentSystem } from './platforms.ts';

export const Applicant = z.object({
  name: z.string().min(1).max(200),
  email: z.email(),
  course: z.string().min(1).max(100).describe('Course to enrol in, such as welding-101'),
  payment_token: z
    .string()
    .min(1)
    .max(200)
    .meta({ sensitive: true })
    .describe('From the payment form; tok_declined is refused'),
});

const Made = z.object({ id: z.string() });
const Nothing = z.object({});

/** A platform that is down for a minute costs a minute; then what was done is undone. */
const delivery: Delivery = {
  timeout: '15s',
  retry: {
    maxAttempts: 5,
    backoff: { kind: 'exponential', initial: '1s', max: '30s', jitter: 'full' },
  },
};

export const registerStudent = defineTask({
  name: 'register_student',
  description: 'Registers the student in the student information system; undone by withdrawal.',
  ...delivery,
  input: z.object({ name: z.string(), email: z.email() }),
  output: z.object({ student_id: z.string() }),
  async run({ input: body, idempotencyKey, signal }) {
    const request = { path: '/students', body, idempotencyKey, signal, answer: Made } as const;
    const { id } = await call(studentSystem, { method: 'POST', ...request });
    return { student_id: id };
  },
  async compensate({ output, signal }) {
    const path = `/students/${output.student_id}`;
    await call(studentSystem, { method: 'DELETE', path, signal, answer: Nothing });
  },
});

export const reservePlace = defineTask({
  name: 'reserve_place',
  description: 'Reserves a place in the course on the learning platform; undone by freeing it.',
  ...delivery,
  input: z.object({ student_id: z.string(), course: z.string() }),
  output: z.object({ place_id: z.string(), fee_cents: z.int().positive() }),
  async run({ input: body, idempotencyKey, signal }) {
    const { id, fee_cents } = await call(learningPlatform, {
      method: 'POST',
      path: '/places',
      body,
      idempotencyKey,
      signal,
      answer: Made.extend({ fee_cents: z.int().positive() }),
    });
    return { place_id: id, fee_cents };
  },
  async compensate({ output, signal }) {
    const path = `/places/${output.place_id}`;
    await call(learningPlatform, { method: 'DELETE', path, signal, answer: Nothing });
  },
});

export const createAccount = defineTask({
  name: 'create_account',
  description: 'Opens an account on the learning platform; undone by closing it.',
  ...delivery,
  input: z.object({ student_id: z.string(), email: z.email() }),
  output: z.object({ account_id: z.string() }),
  async run({ input: body, idempotencyKey, signal }) {
    const request = { path: '/accounts', body, idempotencyKey, signal, answer: Made } as const;
    const { id } = await call(learningPlatform, { method: 'POST', ...request });
    return { account_id: id };
  },
  async compensate({ output, signal }) {
    const path = `/accounts/${output.account_id}`;
    await call(learningPlatform, { method: 'DELETE', path, signal, answer: Nothing });
  },
});

export const chargeTuition = defineTask({
  name: 'charge_tuition',
  description: 'Charges the fee of the course; undone by a refund.',
  ...delivery,
  input: z.object({
    student_id: z.string(),
    amount_cents: z.int().positive(),
    token: z.string().meta({ sensitive: true }),
  }),
  output: z.object({ charge_id: z.string() }),
  async run({ input: body, idempotencyKey, signal }) {
    const request = { path: '/charges', body, idempotencyKey, signal, answer: Made } as const;
    const { id } = await call(payments, { method: 'POST', ...request });
    return { charge_id: id };
  },
  async compensate({ output, signal, idempotencyKey }) {
    const path = `/charges/${output.charge_id}/refund`;
    await call(payments, { method: 'POST', path, idempotencyKey, signal, answer: Nothing });
  },
});

export const grantAccess = defineTask({
  name: 'grant_access',
  description: 'Opens the course to the account; undone by closing it.',
  ...delivery,
  input: z.object({ account_id: z.string(), course: z.string() }),
  output: z.object({ courses: z.array(z.string()) }),
  async run({ input: { account_id, course }, signal }) {
    const path = `/accounts/${account_id}/courses/${encodeURIComponent(course)}`;
    const answer = z.object({ courses: z.array(z.string()) });
    return call(learningPlatform, { method: 'PUT', path, signal, answer });
  },
  async compensate({ input: { account_id, course }, signal }) {
    const path = `/accounts/${account_id}/courses/${encodeURIComponent(course)}`;
    await call(learningPlatform, { method: 'DELETE', path, signal, answer: Nothing });
  },
});

export const confirmEnrolment = defineTask({
  name: 'confirm_enrolment',
  description: 'Confirms the enrolment in the student information system; undone by revoking it.',
  ...delivery,
  input: z.object({ student_id: z.string(), course: z.string() }),
  output: z.object({ enrolment_id: z.string() }),
  async run({ input: body, idempotencyKey, signal }) {
    const request = { path: '/enrolments', body, idempotencyKey, signal, answer: Made } as const;
    const { id } = await call(studentSystem, { method: 'POST', ...request });
    return { enrolment_id: id };
  },
  async compensate({ output, signal }) {
    const path = `/enrolments/${output.enrolment_id}`;
    await call(studentSystem, { method: 'DELETE', path, signal, answer: Nothing });
  },
});
