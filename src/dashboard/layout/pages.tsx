/** Every page: its address, its place in the navigation, and its code, loaded when it is first shown. */
import type { LucideIcon } from 'lucide-react';
import { Play, Workflow } from 'lucide-react';
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
    path: '/start',
    page: lazy(() =>
      import('../pages/start/start-page.tsx').then((m) => ({ default: m.StartPage })),
    ),
    navigation: { label: 'Start', icon: Play, key: 's' },
  },
];
