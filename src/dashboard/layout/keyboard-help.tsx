/** The keys, and the table that tells them. */
import { Kbd, Modal, Table, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import { useLocation } from 'wouter';
import { NavigationKeys } from './navigation.tsx';
import { pages } from './pages.tsx';
import { focusRunFinder } from './run-finder.tsx';

const chordMs = 1_500;

export function KeyboardHelp({
  isOpen,
  onOpen,
  onClose,
}: {
  readonly isOpen: boolean;
  readonly onOpen: () => void;
  readonly onClose: () => void;
}) {
  usePageChords();
  useHotkeys([
    ['shift+?', onOpen],
    ['?', onOpen],
    ['/', focusRunFinder],
  ]);
  return (
    <Modal opened={isOpen} onClose={onClose} title="Keyboard shortcuts" size="md">
      <Text size="sm" c="dimmed" mb="sm">
        They work wherever no text is being typed. Tab walks through everything else.
      </Text>
      <Table>
        <Table.Tbody>
          <NavigationKeys />
          <tr>
            <td>
              <Kbd size="xs">/</Kbd>
            </td>
            <td>Find a run</td>
          </tr>
          <tr>
            <td>
              <Kbd size="xs">?</Kbd>
            </td>
            <td>This help</td>
          </tr>
        </Table.Tbody>
      </Table>
    </Modal>
  );
}

/** `g`, then the key of a page. */
function usePageChords(): void {
  const [, navigate] = useLocation();
  const begunAtMs = useRef(0);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === 'g') {
        begunAtMs.current = Date.now();
        return;
      }
      const isChord = Date.now() - begunAtMs.current < chordMs;
      begunAtMs.current = 0;
      const page = pages.find(({ navigation }) => navigation?.key === event.key);
      if (isChord && page !== undefined) {
        event.preventDefault();
        navigate(page.path);
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [navigate]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  );
}
