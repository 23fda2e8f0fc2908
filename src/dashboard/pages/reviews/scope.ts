/** Whose reviews the inbox shows. */
export const scopes = ['decidable', 'mine', 'groups', 'all'] as const;
export type Scope = (typeof scopes)[number];
