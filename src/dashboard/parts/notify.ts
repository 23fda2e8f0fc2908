/** Short messages at the edge of the page about what somebody has just done. */
import { notifications } from '@mantine/notifications';
import { describe } from './states.tsx';

const closeButtonProps = { 'aria-label': 'Close the message' };

export function notifyDone(message: string): void {
  notifications.show({ message, color: 'green', autoClose: 4_000, closeButtonProps });
}

export function notifyFailed(what: string, error: unknown): void {
  const { message, hint } = describe(error);
  notifications.show({
    title: what,
    message: hint === undefined ? message : `${message}. ${hint}`,
    color: 'red',
    autoClose: 12_000,
    closeButtonProps,
  });
}
