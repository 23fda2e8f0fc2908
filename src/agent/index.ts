/** Agents and tools as tasks: `signalbox/agent`. Asking a model needs the packages `ai` and `@ai-sdk/openai-compatible`. */
export { type AgentFailures, type Answered, agent } from './agent.ts';
export {
  type ApprovalOptions,
  agentWithApproval,
  askWithApproval,
  type ProposingAgent,
  type ProposingAgentDefinition,
} from './approval.ts';
export { ask } from './ask.ts';
export type { OfflineReply, OfflineRequest } from './offline-model.ts';
export type { AgentDefinition } from './spec.ts';
export { type ToolDefinition, tool } from './tool.ts';
export type { ToolUse } from './tool-use.ts';
export { type Budget, BudgetExceeded, type Prices, Usage } from './usage.ts';
