import { describeCountUp } from './support/count-up.ts';
import { sqliteMedium } from './support/media.ts';

describeCountUp('killed around a statement or commit of sqlite', {
  createMedium: () => sqliteMedium(),
  sampleSize: 16,
  windows: ['begin', 'write', 'statement', 'commit', 'run'].flatMap((operation) => [
    `${operation}.before`,
    `${operation}.after`,
  ]),
  hasStoreWindows: false,
});
