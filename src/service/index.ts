export type { AppOptions } from './app.ts';
export type { Caller } from './caller.ts';
export type { Identity } from './identity/identity.ts';
export { createService, type Service, type ServiceOptions } from './service.ts';
