export type { AppOptions } from './app.ts';
export type { Caller } from './caller.ts';
export type { DevelopmentOptions, IdentityOptions, SignInOptions } from './identity/options.ts';
export { createService, type Service, type ServiceOptions } from './service.ts';
