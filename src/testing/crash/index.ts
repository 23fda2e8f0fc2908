/** Crash injection without a test runner, for the command line; `signalbox/testing` has it too. */
export { fixturesBeside } from '../kill/target.ts';
export { crashEverywhere, killEverywhere } from './crash-everywhere.ts';
export { type CrashReport, type CrashStore, crashLines, isCrashProof } from './crash-report.ts';
export type { CrashProgress } from './crash-scenes.ts';
export { type LabMode, storesFor } from './labs.ts';
export { type WalkReport, walkLines, walkPaths } from './walk-paths.ts';
