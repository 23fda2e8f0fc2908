/** The frame of every page: header, navigation, the page itself. */
import { ActionIcon, AppShell, Burger, Group, Text, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Keyboard } from 'lucide-react';
import { Suspense } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { basePath } from '../data/base-path.ts';
import { useRoles } from '../data/me.ts';
import { ErrorBoundary } from '../parts/error-boundary.tsx';
import { PauseNotice } from '../parts/pause-switch.tsx';
import { Loading, NotAllowed, NotFound } from '../parts/states.tsx';
import { AccountMenu, SignedIn } from './account.tsx';
import { ColorSchemeMenu } from './color-scheme-menu.tsx';
import { KeyboardHelp } from './keyboard-help.tsx';
import { LiveBadge } from './live-badge.tsx';
import { Navigation } from './navigation.tsx';
import { pages } from './pages.tsx';
import { ReloadBanner } from './reload-banner.tsx';
import { RunFinder } from './run-finder.tsx';
import styles from './shell.module.css';
import { SlowProgress } from './slow-progress.tsx';

/** In the place of a page that is for a higher role. */
const Shut = () => <NotAllowed />;

export function Shell() {
  const [isMenuOpen, menu] = useDisclosure(false);
  const [isHelpOpen, help] = useDisclosure(false);
  const [location] = useLocation();
  const may = useRoles();
  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !isMenuOpen } }}
      padding={{ base: 'sm', sm: 'lg' }}
      transitionDuration={120}
    >
      <a className={styles['skip']} href="#main">
        Skip to the page
      </a>
      <SlowProgress />
      <AppShell.Header className={styles['header']}>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger
            opened={isMenuOpen}
            onClick={menu.toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label={isMenuOpen ? 'Close the navigation' : 'Open the navigation'}
          />
          <Link href="/" className={styles['brand'] ?? ''}>
            <img src={`${basePath}/icon.svg`} alt="" width={22} height={22} />
            <Text component="span" fw={600} size="md">
              Signalbox
            </Text>
          </Link>
          <RunFinder />
          <Group gap={4} ml="auto" wrap="nowrap">
            <LiveBadge />
            <Tooltip label="Keyboard shortcuts (?)">
              <ActionIcon
                variant="subtle"
                color="gray"
                onClick={help.open}
                aria-label="Keyboard shortcuts"
                visibleFrom="xs"
              >
                <Keyboard size={18} aria-hidden />
              </ActionIcon>
            </Tooltip>
            <ColorSchemeMenu />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={styles['navbar']} p="xs">
        <Navigation onNavigate={menu.close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} className={styles['main']}>
        <ErrorBoundary key={location}>
          <SignedIn>
            <PauseNotice workflow={null} />
            <ReloadBanner />
            <Suspense fallback={<Loading />}>
              <Switch>
                <Route path="/">
                  <Redirect to="/runs" replace />
                </Route>
                {pages.map(({ path, page, navigation }) => (
                  <Route
                    key={path}
                    path={path}
                    component={may[navigation?.role ?? 'viewer'] ? page : Shut}
                  />
                ))}
                <Route>
                  <NotFound />
                </Route>
              </Switch>
            </Suspense>
          </SignedIn>
        </ErrorBoundary>
      </AppShell.Main>
      <KeyboardHelp isOpen={isHelpOpen} onOpen={help.open} onClose={help.close} />
    </AppShell>
  );
}
