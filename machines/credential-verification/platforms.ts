/** Where the verdict goes: the CRM, and the student. */
import { z } from 'zod';
import { bodyRoute, type Platform, route } from '../platform.ts';

export const Verdict = z.enum(['verified', 'rejected']);
export type Verdict = z.infer<typeof Verdict>;

/** `null`: nothing is known of the credential. */
const Status = Verdict.nullable();
const Contact = z.object({ email: z.string(), credential: Status });
const contacts = { name: 'contacts', schema: Contact };

export const crm: Platform = {
  name: 'crm',
  urlFrom: 'CRM_URL',
  routes: [
    bodyRoute(
      'PUT /contacts/:email/credential',
      z.object({ credential: Status }),
      ({ param, body, rows }) => {
        const email = param('email');
        const previous = rows(contacts).get(email)?.credential ?? null;
        rows(contacts).put(email, { email, ...body });
        return { status: 200, body: { previous } };
      },
    ),
    route('GET /contacts', ({ rows }) => ({ status: 200, body: [...rows(contacts).all()] })),
  ],
};

const Message = z.object({ to: z.string(), subject: z.string(), text: z.string() });
const messages = { name: 'messages', schema: Message };

export const messaging: Platform = {
  name: 'messaging',
  urlFrom: 'MESSAGING_URL',
  routes: [
    bodyRoute('POST /messages', Message, ({ id, body, rows }) => {
      rows(messages).put(id, body);
      return { status: 202, body: { id } };
    }),
    route('GET /messages', ({ rows }) => ({ status: 200, body: [...rows(messages).all()] })),
  ],
};
