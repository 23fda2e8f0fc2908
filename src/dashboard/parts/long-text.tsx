import { useState } from 'react';
import styles from './long-text.module.css';

/** Text of any length and language from outside, as an error's: its lines are kept, and what is too long is shown on demand. */
export function LongText({
  text,
  limit = 300,
}: {
  readonly text: string;
  /** In characters. */
  readonly limit?: number;
}) {
  const [isWhole, setIsWhole] = useState(false);
  const isCut = text.length > limit * 1.2 && !isWhole;
  return (
    <span className={styles['text']} dir="auto">
      {isCut ? `${text.slice(0, limit)}… ` : text}
      {isCut && (
        <button type="button" className={styles['more']} onClick={() => setIsWhole(true)}>
          Show all {text.length.toLocaleString('en')} characters
        </button>
      )}
    </span>
  );
}
