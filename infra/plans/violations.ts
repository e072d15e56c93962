import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Plan } from '@records/local-cloud';
import { settingsFile } from '@records/stack';
import { parse } from 'yaml';
import type { Stack } from '../policies/declaration.ts';
import { resourceRules, stackRules } from '../policies/rules.ts';
import { COMMITTED_PLANS, planOf } from './committed.ts';
import type { Project } from './projects.ts';

export interface Judgement {
  /** The stack, or `bootstrap`. */
  readonly name: string;
  readonly resources: number;
  readonly violations: readonly string[];
}

/** Number of rules. */
export const RULES = resourceRules.length + stackRules.length;

/** Checks the resources of every stack against every rule. Throws DeploymentError. */
export async function judgeStacks(run = planOf): Promise<readonly Judgement[]> {
  const judgements: Judgement[] = [];
  // In turn: each runs a language runtime of its own.
  for (const { file, project, stack } of COMMITTED_PLANS) {
    const planned = await run(project, stack, project.exampleSettings(stack));
    const violations = violationsOf(planned, asConfigured(project, stack));
    judgements.push({ name: basename(file, '.txt'), resources: planned.resources.length, violations });
  }
  return judgements;
}

function asConfigured(project: Project, stack: string): Stack {
  const settings = settingsFile(stack, project.directory);
  const { config } = parse(readFileSync(join(project.directory, 'Pulumi.yaml'), 'utf8')) as {
    config: { 'gcp:region'?: { value?: string } };
  };
  return {
    name: stack,
    region: settings['gcp:region'] ?? config['gcp:region']?.value,
    access: settings[`${project.name}:access`],
  };
}

/** Every violation of a plan, as `rule: resource message`. */
export function violationsOf(plan: Pick<Plan, 'resources'>, stack: Stack): string[] {
  const resources = plan.resources.map(({ type, name, inputs }) => ({ type, name, props: inputs }));
  return [
    ...resources.flatMap((resource) =>
      resourceRules.flatMap(({ name, check }) =>
        check(resource, stack).map((message) => `${name}: ${resource.name} ${message}`),
      ),
    ),
    ...stackRules.flatMap(({ name, checkAll }) =>
      checkAll(resources).map(({ resource, message }) => `${name}: ${resource.name} ${message}`),
    ),
  ];
}
