import { lowdbMedium } from '../../src/testing/crash/media.ts';
import { describeCountUp } from './support/count-up.ts';

const windows = ['create', 'write', 'sync', 'rename', 'syncDirectory', 'remove', 'run'].flatMap(
  (operation) => [`${operation}.before`, `${operation}.after`],
);

describeCountUp('killed around an operation of the file system of lowdb', {
  createMedium: () => lowdbMedium(),
  sampleSize: 16,
  windows,
  hasStoreWindows: false,
});

describeCountUp(
  'power lost around an operation of the file system of lowdb, with all that was not synced',
  {
    createMedium: () => lowdbMedium({ kind: 'all' }),
    sampleSize: 16,
    windows,
    hasStoreWindows: false,
  },
);

describeCountUp(
  'power lost around an operation of the file system of lowdb, with some of what was not synced',
  {
    createMedium: (draw) => lowdbMedium({ kind: 'some', draw }),
    sampleSize: 16,
    windows,
    hasStoreWindows: false,
  },
);
