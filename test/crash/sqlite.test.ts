import { sqliteMedium } from '../../src/testing/crash/media.ts';
import { describeCountUp } from './support/count-up.ts';

describeCountUp('killed around a statement or commit of sqlite', {
  createMedium: () => sqliteMedium(),
  sampleSize: 16,
  windows: ['begin', 'write', 'statement', 'commit', 'run'].flatMap((operation) => [
    `${operation}.before`,
    `${operation}.after`,
  ]),
  hasStoreWindows: false,
});
