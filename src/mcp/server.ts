/** The tools of the Model Context Protocol: what assistants may see and do, through the calls of the service. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { Client } from '../client/client.ts';
import { registerActing } from './acting.ts';
import { registerLooking } from './looking.ts';
import { registerPausing } from './pausing.ts';
import type { DecisionPolicy } from './policy.ts';
import { registerReviewing } from './reviewing.ts';

export interface McpOptions {
  /** Its calls carry the assistant's own name or token. */
  readonly client: Client;
  /** Reviews the assistant may decide. Default: none. */
  readonly mayDecide?: DecisionPolicy;
  readonly version: string;
}

const instructions = `Runs of explicit state machines. Everything is started, decided, paused and cancelled through the transitions a run's chart enables now:
ask explain_run for the choices before acting, and never assume that an action that was refused took place. Waiting tools come back by themselves
and say whether what was waited for has happened.`;

/** Not connected yet: give it a transport with `connect`. */
export function createMcpServer({ client, mayDecide = [], version }: McpOptions): McpServer {
  const server = new McpServer({ name: 'signalbox', version }, { instructions });
  const tools = { server, client };
  registerLooking(tools);
  registerReviewing(tools, mayDecide);
  registerActing(tools);
  registerPausing(tools);
  return server;
}
