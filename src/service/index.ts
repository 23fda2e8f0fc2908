export { createApp } from './app.ts';
export type { ServiceParts } from './parts.ts';
