/** The three platforms an enrolment passes through. Their stand-ins start by themselves where no address is given. */
import { z } from 'zod';
import { bodyRoute, type Platform, route } from '../platform.ts';

const Student = z.object({
  name: z.string(),
  email: z.string(),
  status: z.enum(['registered', 'withdrawn']),
});
const Enrolment = z.object({
  student_id: z.string(),
  course: z.string(),
  status: z.enum(['confirmed', 'revoked']),
});
const students = { name: 'students', schema: Student };
const enrolments = { name: 'enrolments', schema: Enrolment };

export const studentSystem: Platform = {
  name: 'student-information-system',
  urlFrom: 'STUDENT_SYSTEM_URL',
  routes: [
    bodyRoute('POST /students', Student.omit({ status: true }), ({ id, body, rows }) => {
      rows(students).put(id, { ...body, status: 'registered' });
      return { status: 201, body: { id } };
    }),
    route('DELETE /students/:id', ({ param, rows }) => {
      const student = rows(students).get(param('id'));
      if (student !== null) rows(students).put(param('id'), { ...student, status: 'withdrawn' });
      return { status: 200, body: {} };
    }),
    route('GET /students', ({ rows }) => ({ status: 200, body: [...rows(students).all()] })),
    bodyRoute('POST /enrolments', Enrolment.omit({ status: true }), ({ id, body, rows }) => {
      rows(enrolments).put(id, { ...body, status: 'confirmed' });
      return { status: 201, body: { id } };
    }),
    route('DELETE /enrolments/:id', ({ param, rows }) => {
      const enrolment = rows(enrolments).get(param('id'));
      if (enrolment !== null)
        rows(enrolments).put(param('id'), { ...enrolment, status: 'revoked' });
      return { status: 200, body: {} };
    }),
    route('GET /enrolments', ({ rows }) => ({ status: 200, body: [...rows(enrolments).all()] })),
  ],
};

/** What the stand-in of the learning platform offers. */
const offers = new Map([
  ['welding-101', { places: 500, fee_cents: 125_000 }],
  ['nursing-aide', { places: 1, fee_cents: 98_000 }],
]);
const Place = z.object({ course: z.string(), student_id: z.string() });
const Account = z.object({
  student_id: z.string(),
  email: z.string(),
  courses: z.array(z.string()),
});
const places = { name: 'places', schema: Place };
const accounts = { name: 'accounts', schema: Account };

export const learningPlatform: Platform = {
  name: 'learning-platform',
  urlFrom: 'LEARNING_PLATFORM_URL',
  routes: [
    bodyRoute('POST /places', Place, ({ id, body, rows }) => {
      const offer = offers.get(body.course);
      if (offer === undefined)
        return { status: 404, body: { error: `There is no course "${body.course}"` } };
      const taken = rows(places)
        .all()
        .filter(({ course }) => course === body.course);
      if (taken.length >= offer.places)
        return { status: 409, body: { error: `Course "${body.course}" is full` } };
      rows(places).put(id, body);
      return { status: 201, body: { id, fee_cents: offer.fee_cents } };
    }),
    route('DELETE /places/:id', ({ param, rows }) => {
      rows(places).delete(param('id'));
      return { status: 200, body: {} };
    }),
    route('GET /places', ({ rows }) => ({ status: 200, body: [...rows(places).all()] })),
    bodyRoute('POST /accounts', Account.omit({ courses: true }), ({ id, body, rows }) => {
      rows(accounts).put(id, { ...body, courses: [] });
      return { status: 201, body: { id } };
    }),
    route('DELETE /accounts/:id', ({ param, rows }) => {
      rows(accounts).delete(param('id'));
      return { status: 200, body: {} };
    }),
    route('PUT /accounts/:id/courses/:course', ({ param, rows }) => {
      const account = rows(accounts).get(param('id'));
      if (account === null) return { status: 404, body: { error: 'There is no such account' } };
      const courses = [...new Set([...account.courses, param('course')])];
      rows(accounts).put(param('id'), { ...account, courses });
      return { status: 200, body: { courses } };
    }),
    route('DELETE /accounts/:id/courses/:course', ({ param, rows }) => {
      const account = rows(accounts).get(param('id'));
      if (account !== null) {
        const courses = account.courses.filter((course) => course !== param('course'));
        rows(accounts).put(param('id'), { ...account, courses });
      }
      return { status: 200, body: {} };
    }),
    route('GET /accounts', ({ rows }) => ({ status: 200, body: [...rows(accounts).all()] })),
  ],
};

const Charge = z.object({
  student_id: z.string(),
  amount_cents: z.int().positive(),
  status: z.enum(['paid', 'refunded']),
});
const charges = { name: 'charges', schema: Charge };
const NewCharge = Charge.omit({ status: true }).extend({ token: z.string() });

export const payments: Platform = {
  name: 'tuition',
  urlFrom: 'TUITION_URL',
  routes: [
    bodyRoute('POST /charges', NewCharge, ({ id, body: { token, ...charge }, rows }) => {
      if (token === 'tok_declined')
        return { status: 402, body: { error: 'The card was declined' } };
      rows(charges).put(id, { ...charge, status: 'paid' });
      return { status: 201, body: { id } };
    }),
    route('POST /charges/:id/refund', ({ param, rows }) => {
      const charge = rows(charges).get(param('id'));
      if (charge !== null) rows(charges).put(param('id'), { ...charge, status: 'refunded' });
      return { status: 200, body: {} };
    }),
    route('GET /charges', ({ rows }) => ({ status: 200, body: [...rows(charges).all()] })),
  ],
};
