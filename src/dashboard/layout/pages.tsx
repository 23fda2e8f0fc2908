/** Every page: its address, its place in the navigation, and its code, loaded when it is first shown. */
import type { LucideIcon } from 'lucide-react';
import {
  Activity,
  CalendarClock,
  ClipboardCheck,
  FlaskConical,
  Network,
  Play,
  ScrollText,
  Settings,
  TriangleAlert,
  Webhook,
  Workflow,
} from 'lucide-react';
import { type ComponentType, lazy } from 'react';
import type { Role } from '../../api/route.ts';

export interface Page {
  /** Pattern of the address, as `/runs/:runId`. */
  readonly path: string;
  readonly page: ComponentType;
  /** Absent: reached from other pages only. */
  readonly navigation?: {
    readonly label: string;
    readonly icon: LucideIcon;
    /** Second key of the chord `g` + key that opens it. */
    readonly key: string;
    /** Only where the service was started for development. */
    readonly isForDevelopment?: true;
    /** Only for who has this role or more. */
    readonly role?: Role;
  };
}

export const pages: readonly Page[] = [
  {
    path: '/runs',
    page: lazy(() => import('../pages/runs/runs-page.tsx').then((m) => ({ default: m.RunsPage }))),
    navigation: { label: 'Runs', icon: Workflow, key: 'r' },
  },
  {
    path: '/runs/:runId',
    page: lazy(() => import('../pages/run/run-page.tsx').then((m) => ({ default: m.RunPage }))),
  },
  {
    path: '/reviews',
    page: lazy(() =>
      import('../pages/reviews/inbox-page.tsx').then((m) => ({ default: m.InboxPage })),
    ),
    navigation: { label: 'Reviews', icon: ClipboardCheck, key: 'v' },
  },
  {
    path: '/reviews/:runId/:step',
    page: lazy(() =>
      import('../pages/reviews/review-page.tsx').then((m) => ({ default: m.ReviewPage })),
    ),
  },
  {
    path: '/incidents',
    page: lazy(() =>
      import('../pages/incidents/incidents-page.tsx').then((m) => ({ default: m.IncidentsPage })),
    ),
    navigation: { label: 'Incidents', icon: TriangleAlert, key: 'i' },
  },
  {
    path: '/workflows',
    page: lazy(() =>
      import('../pages/workflows/workflows-page.tsx').then((m) => ({ default: m.WorkflowsPage })),
    ),
    navigation: { label: 'Workflows', icon: Network, key: 'w' },
  },
  {
    path: '/workflows/:workflow',
    page: lazy(() =>
      import('../pages/workflows/workflow-page.tsx').then((m) => ({ default: m.WorkflowPage })),
    ),
  },
  {
    path: '/start',
    page: lazy(() =>
      import('../pages/start/start-page.tsx').then((m) => ({ default: m.StartPage })),
    ),
    navigation: { label: 'Start', icon: Play, key: 's', role: 'operator' },
  },
  {
    path: '/schedules',
    page: lazy(() =>
      import('../pages/schedules/schedules-page.tsx').then((m) => ({ default: m.SchedulesPage })),
    ),
    navigation: { label: 'Schedules', icon: CalendarClock, key: 'c' },
  },
  {
    path: '/webhooks',
    page: lazy(() =>
      import('../pages/webhooks/webhooks-page.tsx').then((m) => ({ default: m.WebhooksPage })),
    ),
    navigation: { label: 'Webhooks', icon: Webhook, key: 'h' },
  },
  {
    path: '/health',
    page: lazy(() =>
      import('../pages/health/health-page.tsx').then((m) => ({ default: m.HealthPage })),
    ),
    navigation: { label: 'Health', icon: Activity, key: 'e' },
  },
  {
    path: '/audit',
    page: lazy(() =>
      import('../pages/audit/audit-page.tsx').then((m) => ({ default: m.AuditPage })),
    ),
    navigation: { label: 'Audit', icon: ScrollText, key: 'a', role: 'admin' },
  },
  {
    path: '/settings',
    page: lazy(() =>
      import('../pages/settings/settings-page.tsx').then((m) => ({ default: m.SettingsPage })),
    ),
    navigation: { label: 'Settings', icon: Settings, key: ',' },
  },
  {
    path: '/development',
    page: lazy(() =>
      import('../pages/development/development-page.tsx').then((m) => ({
        default: m.DevelopmentPage,
      })),
    ),
    navigation: { label: 'Development', icon: FlaskConical, key: 'd', isForDevelopment: true },
  },
];
