/** Every page: its address, its place in the navigation, and its code, loaded when it is first shown. */
import type { LucideIcon } from 'lucide-react';
import { ClipboardCheck, Play, Workflow } from 'lucide-react';
import { type ComponentType, lazy } from 'react';

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
    path: '/start',
    page: lazy(() =>
      import('../pages/start/start-page.tsx').then((m) => ({ default: m.StartPage })),
    ),
    navigation: { label: 'Start', icon: Play, key: 's' },
  },
];
