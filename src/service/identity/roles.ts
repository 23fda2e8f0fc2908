/** Roles by groups. */
import { type Role, roles } from '../../api/route.ts';

export type RoleRules = {
  /** Groups whose members have the role. */
  readonly [R in Role]?: readonly string[];
} & {
  /** Role of everybody the provider lets in. Default: none, they are refused. */
  readonly everyone?: Role;
};

/** The highest role of any of the groups; `null`: none. */
export function roleOf(groups: readonly string[], { everyone, ...rules }: RoleRules): Role | null {
  const granted = roles.filter((role) => rules[role]?.some((group) => groups.includes(group)));
  const all = everyone === undefined ? granted : [...granted, everyone];
  return roles.findLast((role) => all.includes(role)) ?? null;
}
