/** The application: its providers around the shell and the page the address names. */
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { Router } from 'wouter';
import { basePath } from './data/base-path.ts';
import { LiveUpdates } from './data/live.tsx';
import { createQueryClient } from './data/query-client.ts';
import { Shell } from './layout/shell.tsx';
import { cssVariables, theme } from './theme.ts';

export function App() {
  const [queries] = useState(createQueryClient);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <Router base={basePath}>
          <Notifications position="bottom-right" limit={4} />
          <LiveUpdates>
            <Shell />
          </LiveUpdates>
        </Router>
      </QueryClientProvider>
    </MantineProvider>
  );
}
