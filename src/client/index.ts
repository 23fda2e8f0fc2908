export {
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
} from './client.ts';
export { ServiceError } from './service-error.ts';
export type { StreamEvent, SubscribeOptions } from './subscribe.ts';
