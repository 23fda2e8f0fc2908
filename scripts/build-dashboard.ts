/** Builds the dashboard into dist/dashboard if its sources have changed since. */
import { buildDashboard } from './dashboard-build.ts';

const { directory, isFresh } = await buildDashboard({ force: process.argv.includes('--force') });
console.error(`${isFresh ? 'Built' : 'Unchanged:'} ${directory}`);
