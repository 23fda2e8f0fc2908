/** Short messages at the edge of the page about what somebody has just done. */
import { notifications } from '@mantine/notifications';
import { describe } from './states.tsx';

export function notifyDone(message: string): void {
  notifications.show({ message, color: 'green', autoClose: 4_000 });
}

export function notifyFailed(what: string, error: unknown): void {
  const { message, hint } = describe(error);
  notifications.show({
    title: what,
    message: hint === undefined ? message : `${message}. ${hint}`,
    color: 'red',
    autoClose: 12_000,
  });
}
