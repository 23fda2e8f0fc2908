import { memoryMedium } from '../../src/testing/crash/media.ts';
import { describeCountUp } from './support/count-up.ts';

const windows = ['commit.before', 'commit.after', 'run.before', 'run.after'];

describeCountUp('killed around a write or an effect', {
  createMedium: () => memoryMedium(),
  sampleSize: Number.POSITIVE_INFINITY,
  windows,
  hasStoreWindows: true,
});

describeCountUp('killed once more while it recovers', {
  createMedium: () => memoryMedium(),
  sampleSize: Number.POSITIVE_INFINITY,
  windows,
  hasStoreWindows: true,
  second: 12,
});
