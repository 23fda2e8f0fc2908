import { Kbd, NavLink, Stack } from '@mantine/core';
import { Link, useLocation } from 'wouter';
import { useAttention } from '../data/attention.ts';
import { useRoles } from '../data/me.ts';
import { useService } from '../parts/use-service.ts';
import { pages } from './pages.tsx';
import styles from './shell.module.css';

/** @param onNavigate - called when a page was chosen, as the menu of a phone closes then */
export function Navigation({ onNavigate }: { readonly onNavigate: () => void }) {
  const [location] = useLocation();
  const attention = useAttention();
  const may = useRoles();
  const isDevelopment = useService().data?.isDevelopment === true;
  return (
    <Stack component="nav" gap={2} aria-label="Pages">
      {pages.map(({ path, navigation }) => {
        if (navigation === undefined) return null;
        if (navigation.isForDevelopment === true && !isDevelopment) return null;
        if (navigation.role !== undefined && !may[navigation.role]) return null;
        const { label, icon: Icon } = navigation;
        const isHere = location === path || location.startsWith(`${path}/`);
        return (
          <NavLink
            key={path}
            component={Link}
            href={path}
            label={label}
            leftSection={<Icon size={16} aria-hidden />}
            rightSection={<Waiting count={attention[path] ?? 0} />}
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

/** How much waits there for the reader; nothing if nothing does. */
function Waiting({ count }: { readonly count: number }) {
  if (count === 0) return null;
  return (
    <span className={styles['waiting']}>
      {count > 999 ? '999+' : count}
      <span className="visually-hidden"> waiting</span>
    </span>
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
