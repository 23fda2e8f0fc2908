/** What a process page says of one step. */
import type { JsonSchema } from '../plan/json.ts';
import type { ReviewStep, StepNode, WaitStep } from '../plan/plan.ts';
import { captionOfStep, durationWords, sharesWords } from './captions.ts';
import { code, listed, plain, section, table } from './markdown.ts';
import { fieldsOf } from './schema-fields.ts';
import {
  approvalText,
  callsOf,
  limitWords,
  retryWords,
  undoWords,
  wiringText,
} from './step-facts.ts';

export function stepSection(step: StepNode): readonly string[] {
  const facts = [...common(step), ...own(step), ...calls(step)];
  return [
    `### ${code(step.id)}`,
    '',
    ...(step.description === undefined ? [] : [plain(step.description), '']),
    ...facts.map(([name, value]) => `- **${name}**: ${value}`),
    '',
    ...schemas(step),
  ];
}

type Fact = readonly [name: string, value: string];

function common(step: StepNode): readonly Fact[] {
  const { gates, after, owner } = step;
  return [
    ['Kind', plain([step.kind, captionOfStep(step)].filter((part) => part !== '').join(': '))],
    ...(owner === undefined ? [] : [['Owner', plain(owner)] as const]),
    ...gates.map(({ label, otherwise }) => {
      const reason = otherwise === undefined ? '' : `; else skipped: “${plain(otherwise)}”`;
      return ['Only if', `${plain(label)}${reason}`] as const;
    }),
    ...(after.length === 0 ? [] : [['After', listed(after)] as const]),
  ];
}

function own(step: StepNode): readonly Fact[] {
  switch (step.kind) {
    case 'task':
      return [
        ['Input', code(wiringText(step.input, step.call.sensitive.input))],
        ...(step.withinMs === undefined
          ? []
          : [['In all', `within ${durationWords(step.withinMs)}`] as const]),
        ...(step.expectedMs === undefined
          ? []
          : [['Expected', durationWords(step.expectedMs)] as const]),
        ...(step.tolerate === undefined
          ? []
          : [
              [
                'Tolerates',
                step.tolerate === 'any' ? 'any failure' : listed(step.tolerate),
              ] as const,
            ]),
        ...(step.protects === undefined ? [] : [['Protects', listed(step.protects)] as const]),
      ];
    case 'review':
      return reviewFacts(step);
    case 'wait':
      return waitFacts(step);
    case 'sleep':
      return [['For', code(wiringText(step.for))]];
    case 'child':
      return [
        ['Input', code(wiringText(step.input))],
        ...(step.tolerate === undefined ? [] : [['Tolerates', 'any failure'] as const]),
      ];
    case 'map':
      return [
        ['Items', code(wiringText(step.items))],
        ['At a time', String(step.concurrency)],
        ['If an item fails', step.onItemFailure === 'fail' ? 'the run fails' : 'it is collected'],
      ];
    case 'emit':
      return [['Payload', code(wiringText(step.payload))]];
    case 'fail':
      return [['Message', plain(step.message)]];
    default:
      return step satisfies never;
  }
}

function reviewFacts(step: ReviewStep): readonly Fact[] {
  const expired = {
    continue: 'the run goes on with outcome “expired”',
    reject: 'it counts as rejected',
    fail: 'the run fails',
    approve: `it is approved by the policy ${plain(step.expiryPolicy ?? '')}`,
  }[step.onExpired];
  return [
    ['Decides', approvalText(step.approve)],
    ...(step.assignTo === undefined
      ? []
      : [['Assigned to', code(wiringText(step.assignTo))] as const]),
    ...(step.audience === undefined ? [] : [['Audience', plain(step.audience)] as const]),
    ...(step.notBy.length === 0
      ? []
      : [['Not by', step.notBy.map((each) => code(wiringText(each))).join(', ')] as const]),
    ...(step.approvals === undefined
      ? []
      : [
          [
            'Takes',
            `${step.approvals} approvals${plain(sharesWords(step.from ?? []))}, each by another person`,
          ] as const,
        ]),
    ...(step.rejections === undefined
      ? []
      : [['Ends with', `${step.rejections} rejections, each by another person`] as const]),
    ['Whoever started the run', step.requesterMayDecide ? 'may decide' : 'may not decide'],
    ...(step.show === undefined ? [] : [['Shows', code(wiringText(step.show))] as const]),
    [
      'Expires',
      step.expiresMs === undefined ? 'never' : `after ${durationWords(step.expiresMs)}; ${expired}`,
    ],
    ['If rejected', step.onRejected === 'fail' ? 'the run fails' : 'the run goes on'],
    ...(step.escalate ?? []).map(
      ({ afterMs, to, replace }) =>
        [
          'Escalated',
          `after ${durationWords(afterMs)} to ${listed(to)}, who may decide ${replace === true ? 'instead' : 'as well'}`,
        ] as const,
    ),
    ...(step.remind === undefined
      ? []
      : [
          [
            'Reminder',
            `every ${durationWords(step.remind.everyMs)} by ${code(step.remind.call.task)}`,
          ] as const,
        ]),
    ...(step.protects === undefined ? [] : [['Protects', listed(step.protects)] as const]),
  ];
}

function waitFacts(step: WaitStep): readonly Fact[] {
  const outcome = step.onTimeout === 'fail' ? 'the run fails' : 'the run goes on without it';
  return [
    ['Event', code(step.event)],
    ...step.where.map(
      ([key, value]) => ['Where', `${code(key)} is ${code(wiringText(value))}`] as const,
    ),
    [
      'Waits',
      step.withinMs === undefined
        ? 'as long as it takes'
        : `${durationWords(step.withinMs)}; then ${outcome}`,
    ],
    ['Early events', step.early === 'keep' ? 'are kept' : 'are rejected'],
  ];
}

function calls(step: StepNode): readonly Fact[] {
  const all = callsOf(step);
  return all.flatMap(([role, call]) => {
    const label = all.length > 1 ? ` (${role} ${code(call.task)})` : '';
    return [
      [`Attempts${label}`, retryWords(call.retry)],
      ...(limitWords(call).length === 0
        ? []
        : [[`Limits${label}`, limitWords(call).join('; ')] as const]),
      [`Undo${label}`, undoWords(call)],
      ...(call.repeat === 'unsafe'
        ? [[`Repeat${label}`, 'unsafe: if its outcome is unknown, a person is asked'] as const]
        : []),
      ...(Object.keys(call.failures).length === 0
        ? []
        : [[`Declared failures${label}`, listed(Object.keys(call.failures))] as const]),
      ...(call.queue === 'default' ? [] : [[`Queue${label}`, code(call.queue)] as const]),
    ] satisfies Fact[];
  });
}

function schemas(step: StepNode): readonly string[] {
  if (step.kind === 'review') return schemaTable('Form', step.form);
  return callsOf(step).flatMap(([role, call]) => {
    const of = role === 'task' && step.kind === 'task' ? '' : ` of ${code(call.task)}`;
    return [
      ...schemaTable(`Takes${of}`, call.inputSchema, call.sensitive.input),
      ...schemaTable(`Yields${of}`, call.outputSchema, call.sensitive.output),
    ];
  });
}

/** Empty for a schema that says nothing. */
export function schemaTable(
  title: string,
  schema: JsonSchema,
  sensitive: readonly (readonly string[])[] = [],
): readonly string[] {
  const fields = fieldsOf(schema, sensitive).filter(
    ({ path, type }) => path !== '' || type !== 'anything',
  );
  const rows = fields.map(({ path, type, isRequired, isSensitive, description }) => [
    path === '' ? 'the value itself' : code(path),
    plain(type),
    [isRequired ? 'required' : 'optional', ...(isSensitive ? ['**sensitive**'] : [])].join(', '),
    plain(description),
  ]);
  if (rows.length === 0) return [];
  return section(`**${title}**`, table(['Field', 'Type', '', 'Meaning'], rows));
}
