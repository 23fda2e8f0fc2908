/** A notification as the two parts of a mail. Tables and inline style: mail readers have the HTML of 1999. */
import { type Html, html } from '../html.ts';
import type { Notification, NotificationAction } from './notifier.ts';

export function toMailText({ title, text, facts = [], actions = [] }: Notification): string {
  return [
    title,
    text,
    facts.map(({ label, value }) => `${label}: ${value}`).join('\n'),
    ...actions.map(({ label, url }) => `${label}:\n${url}`),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const colours = { primary: '#166534', danger: '#b91c1c', plain: '#374151' } as const;

export function toMailHtml({ title, text, facts = [], actions = [] }: Notification): string {
  const paragraphs = text.split(/\n{2,}/).filter((part) => part.trim() !== '');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>${title}</title>
</head>
<body style="margin:0;padding:24px 12px;background:#f3f4f6;color:#1f2937;font:16px/1.5 Arial,Helvetica,sans-serif">
<table role="presentation" align="center" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;margin:0 auto;background:#ffffff;border:1px solid #d1d5db;border-radius:12px">
<tr><td style="padding:24px">
<h1 style="margin:0 0 12px;font-size:22px;line-height:1.3">${title}</h1>
${paragraphs.map((part) => html`<p style="margin:0 0 12px">${part}</p>`)}
${facts.length === 0 ? html`` : factsTable(facts)}
${actions.map(toButton)}
${actions.length === 0 ? html`` : html`<p style="margin:16px 0 0;color:#5b6472;font-size:13px">A button opens a page that shows what is to be decided. Nothing is decided before you say so there.</p>`}
</td></tr>
</table>
</body>
</html>
`.source;
}

function factsTable(facts: NonNullable<Notification['facts']>): Html {
  return html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin:0 0 16px;border-top:1px solid #e5e7eb">
${facts.map(({ label, value }) => html`<tr><td style="padding:8px 16px 8px 0;border-bottom:1px solid #e5e7eb;color:#5b6472;font-size:14px;vertical-align:top;white-space:nowrap">${label}</td><td style="padding:8px 0;border-bottom:1px solid #e5e7eb">${value}</td></tr>`)}
</table>`;
}

function toButton({ label, url, style = 'plain' }: NotificationAction): Html {
  const box = `display:inline-block;margin:0 8px 8px 0;padding:12px 24px;border-radius:8px;background:${colours[style]};color:#ffffff;font-weight:bold;text-decoration:none`;
  return html`<a href="${url}" style="${box}">${label}</a>`;
}
