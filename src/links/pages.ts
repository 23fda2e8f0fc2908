/** The pages a decision link leads to. */
import type { RunView } from '../engine/views.ts';
import { type Html, html } from '../html.ts';
import { toDocument } from './document.ts';
import { type FormField, fieldPrefix, fieldsOf } from './form-fields.ts';
import type { Ending, OpenReview } from './linked-review.ts';
import { toRows } from './shown-value.ts';
import type { Permission } from './token.ts';

export interface Draft {
  /** As sent, by name of the page's field. */
  readonly sent: ReadonlyMap<string, string>;
  /** By name of the form's field, `` being the form as a whole. */
  readonly problems: ReadonlyMap<string, string>;
}

const verbs = { approved: 'Approve', rejected: 'Reject' } as const;
const done = { approved: 'Approved', rejected: 'Rejected' } as const;

/** What is to be decided, the form, and one button: looking at it decides nothing. */
export function confirmationPage(
  { run, waiting, description, form }: OpenReview,
  permission: Permission,
  draft: Draft | null,
): string {
  const verb = verbs[permission.outcome];
  const question = description ?? `Review "${permission.step}"`;
  const whole = draft?.problems.get('');
  return toDocument(
    `${verb}: ${question}`,
    html`<h1>${question}</h1>
<p class="aside">${run.workflow}, run ${run.runId}</p>
${toRows(waiting.shown ?? null)}
${waiting.until === null ? html`` : html`<p class="aside">Open until ${timeText(Date.parse(waiting.until))}; then ${waiting.afterwards ?? 'it expires'}.</p>`}
<form method="post">
${whole === undefined ? html`` : html`<p class="problem" role="alert">${whole}</p>`}
${permission.outcome === 'approved' ? fieldsOf(form).map((field) => fieldHtml(field, draft)) : html``}
<label for="comment">Comment (optional)</label>
<textarea id="comment" name="comment" rows="2" maxlength="1000">${draft?.sent.get('comment') ?? ''}</textarea>
<button type="submit" class="${permission.outcome}">${verb}</button>
<p class="aside">You decide as ${permission.actor}. The decision is recorded and cannot be changed.</p>
</form>`,
  );
}

function fieldHtml(field: FormField, draft: Draft | null): Html {
  const problem = draft?.problems.get(field.name);
  const id = fieldPrefix + field.name;
  return html`<label for="${id}">${field.label}${field.isRequired ? '' : ' (optional)'}</label>
${controlHtml(field, id, draft?.sent.get(id) ?? (draft === null ? field.initial : ''))}
${problem === undefined ? html`` : html`<p class="problem" role="alert">${problem}</p>`}`;
}

function controlHtml(field: FormField, id: string, value: string): Html {
  const required = field.isRequired ? html` required` : html``;
  const limit = field.maxLength === null ? html`` : html` maxlength="${field.maxLength}"`;
  switch (field.kind) {
    case 'checkbox':
      return html`<input type="checkbox" id="${id}" name="${id}" value="true"${value === 'true' ? html` checked` : html``}>`;
    case 'choice':
      return html`<select id="${id}" name="${id}"${required}>
${['', ...field.choices].map((choice) => html`<option${choice === value ? html` selected` : html``}>${choice}</option>`)}
</select>`;
    case 'number':
      return html`<input id="${id}" name="${id}" inputmode="decimal" value="${value}"${required}>`;
    case 'line':
      return html`<input id="${id}" name="${id}" value="${value}"${limit}${required}>`;
    case 'text':
    case 'json':
      return html`<textarea id="${id}" name="${id}" rows="3"${limit}${required}>${value}</textarea>`;
    default:
      return field.kind satisfies never;
  }
}

export function decidedPage(run: RunView, permission: Permission): string {
  return noticePage(
    `${done[permission.outcome]}. Thank you.`,
    `Your decision on "${permission.step}" of ${run.workflow} is recorded; the run goes on.`,
  );
}

export function closedText({ workflow, status }: RunView, step: string, ending: Ending | null) {
  const what = `Review "${step}" of ${workflow}`;
  const now = `The run is ${status}. Nothing was changed.`;
  if (ending === null) return `${what} is not open. ${now}`;
  const at = timeText(ending.atMs);
  if (ending.actor === null) return `${what} has expired at ${at}. ${now}`;
  return `${what} was ${ending.how} by ${ending.actor} at ${at}. ${now}`;
}

export function noticePage(title: string, text: string): string {
  return toDocument(title, html`<h1>${title}</h1>\n<p>${text}</p>`);
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
