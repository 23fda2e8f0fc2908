/** The loaded workflows, as far as the service knows more of them than the orchestrator. */
export interface DefinitionsState {
  /** Modules that could not be loaded; what they defined before goes on. */
  readonly problems: readonly { readonly module: string; readonly message: string }[];
}
