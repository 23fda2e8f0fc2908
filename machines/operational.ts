/** The processes of a business among the examples, with a sample each: what `npm start` shows. */
export const operational = [
  { workflow: 'incident-response', sample: 'incident-response/alert.json' },
  { workflow: 'quarterly-report', sample: 'quarterly-report/q1-2025.json' },
  { workflow: 'document-index', sample: 'document-index/created.json' },
  { workflow: 'order-fulfillment', sample: 'order-fulfillment/order.json' },
  { workflow: 'expense-approval', sample: 'expense-approval/expense.json' },
  { workflow: 'enrolment', sample: 'enrolment/applicant.json' },
  { workflow: 'credential-verification', sample: 'credential-verification/disputed.json' },
  { workflow: 'etl', sample: 'etl/orders-20000.json' },
] as const;
