import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { SignalboxError } from '../errors.ts';
import { textOf } from './json-value.ts';
import type { PlanNode, PlanWithoutHash } from './plan.ts';

/**
 * Identity of the structure of a plan: SHA-256, hex, over its canonical JSON (RFC 8785) without the descriptions and owners of the workflow
 * and its nodes. Bodies of handlers, predicates and mappers are code and no part of it.
 *
 * @throws SignalboxError DEFINITION_INVALID if a text is not well-formed Unicode
 */
export function planHash(plan: PlanWithoutHash): string {
  const { hash: _, ...rest } = plan as PlanWithoutHash & { readonly hash?: string };
  let canonical: string | undefined;
  try {
    canonical = canonicalize({ ...undescribed(rest), nodes: plan.nodes.map(undescribedNode) });
  } catch (error) {
    throw new SignalboxError(
      'DEFINITION_INVALID',
      `Workflow "${plan.name}" has no canonical form: ${textOf(error)}`,
      {
        details: { workflow: plan.name },
        cause: error,
      },
    );
  }
  return hash('sha256', canonical ?? '', 'hex');
}

function undescribedNode(node: PlanNode): object {
  return node.kind === 'map'
    ? { ...undescribed(node), body: node.body.map(undescribed) }
    : undescribed(node);
}

function undescribed(described: {
  readonly description?: string;
  readonly owner?: string;
}): object {
  const { description: _, owner: __, ...rest } = described;
  return rest;
}
