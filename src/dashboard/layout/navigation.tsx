import { Kbd, NavLink, Stack } from '@mantine/core';
import { Link, useLocation } from 'wouter';
import { useService } from '../parts/use-service.ts';
import { pages } from './pages.tsx';
import styles from './shell.module.css';

/** @param onNavigate - called when a page was chosen, as the menu of a phone closes then */
export function Navigation({ onNavigate }: { readonly onNavigate: () => void }) {
  const [location] = useLocation();
  const isDevelopment = useService().data?.isDevelopment === true;
  return (
    <Stack component="nav" gap={2} aria-label="Pages">
      {pages.map(({ path, navigation }) => {
        if (navigation === undefined) return null;
        if (navigation.isForDevelopment === true && !isDevelopment) return null;
        const { label, icon: Icon } = navigation;
        const isHere = location === path || location.startsWith(`${path}/`);
        return (
          <NavLink
            key={path}
            component={Link}
            href={path}
            label={label}
            leftSection={<Icon size={16} aria-hidden />}
            active={isHere}
            aria-current={isHere ? 'page' : undefined}
            onClick={onNavigate}
            className={styles['link']}
          />
        );
      })}
    </Stack>
  );
}

/** For the help: every chord that opens a page. */
export function NavigationKeys() {
  return pages.map(({ path, navigation }) =>
    navigation === undefined ? null : (
      <tr key={path}>
        <td>
          <Kbd size="xs">g</Kbd> <Kbd size="xs">{navigation.key}</Kbd>
        </td>
        <td>{navigation.label}</td>
      </tr>
    ),
  );
}
