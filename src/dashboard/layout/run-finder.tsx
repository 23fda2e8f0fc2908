/** Opens a run by its id, or lists those whose id, key or labels contain what is typed. */
import { TextInput } from '@mantine/core';
import { Search } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import styles from './shell.module.css';

const inputId = 'find-run';

export function focusRunFinder(): void {
  document.getElementById(inputId)?.focus();
}

export function RunFinder() {
  const [text, setText] = useState('');
  const [, navigate] = useLocation();
  return (
    <form
      role="search"
      className={styles['finder']}
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = text.trim();
        if (wanted === '') return;
        navigate(`/runs?q=${encodeURIComponent(wanted)}`);
        setText('');
      }}
    >
      <TextInput
        id={inputId}
        aria-label="Find a run by id, key or label"
        placeholder="Find a run  ( / )"
        leftSection={<Search size={14} aria-hidden />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
    </form>
  );
}
