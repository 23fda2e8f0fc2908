/** What the tools have in common: how they call the service, and what they say of themselves. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { Reason } from '../api/parts.ts';
import type { Client } from '../client/client.ts';
import { choicesOf } from './choices.ts';

/** Where a group of tools is registered, and what it calls. */
export interface Tools {
  readonly server: McpServer;
  readonly client: Client;
}

/** Of tools that change nothing. */
export const seeing = { readOnlyHint: true, openWorldHint: false } as const;
/** Of tools after which things happen that nobody can take back. */
export const destructive = { destructiveHint: true, openWorldHint: false } as const;

/** An assistant always says why. */
export const Why = Reason.min(1);

/** Longer than the longest wait a tool offers. */
const patienceMs = 90_000;
export const signal = () => AbortSignal.timeout(patienceMs);

/** A run as it stands, with what can be done about it now. */
export async function standing({ runs }: Client, runId: string) {
  const explanation = await runs.explain({ params: { runId } }, { signal: signal() });
  return { ...explanation, choices: choicesOf(explanation) };
}
