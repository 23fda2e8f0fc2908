import { defineReport } from './report.ts';

/** Revenue by week and costs by category. */
export const quarterlyReport = defineReport({
  name: 'quarterly-report',
  version: 1,
  title: 'Quarterly Report',
  recipient: 'team@company.com',
  trend: {
    title: 'Revenue by week',
    subject: 'Revenue',
    file: 'revenue_trend.png',
    unit: 'EUR',
    measure: 'revenue',
    per: 'week',
  },
  breakdown: {
    title: 'Costs by category',
    subject: 'Costs',
    file: 'cost_breakdown.png',
    unit: 'EUR',
    measures: ['materials', 'shipping', 'staff', 'marketing'],
  },
});

/** Orders by day and hours of work by stage. */
export const monthlyOperationsReport = defineReport({
  name: 'monthly-operations-report',
  version: 1,
  title: 'Monthly Operations Report',
  recipient: 'team@company.com',
  trend: {
    title: 'Orders by day',
    subject: 'Orders',
    file: 'orders_trend.png',
    unit: 'orders',
    measure: 'orders',
    per: 'day',
  },
  breakdown: {
    title: 'Hours of work by stage',
    subject: 'Hours of work',
    file: 'hours_breakdown.png',
    unit: 'hours',
    measures: ['picking', 'packing', 'loading', 'returns'],
  },
});
