import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';

/** A button that shows and hides what is only made when it is asked for. */
export function Disclosure({
  what,
  children,
}: {
  /** Follows "Show" and "Hide". */
  readonly what: string;
  readonly children: () => ReactNode;
}) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button
        variant="subtle"
        size="compact-xs"
        mt="xs"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
      >
        {`${isOpen ? 'Hide' : 'Show'} ${what}`}
      </Button>
      {isOpen && children()}
    </>
  );
}
