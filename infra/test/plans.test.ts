import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Plan } from '@records/local-cloud';
import { COMMITTED_PLANS } from '../plans/committed.ts';
import { renderPlan } from '../plans/tree.ts';
import { violationsOf } from '../policies/judge.ts';
import { cachedPlan } from './support/plan-cache.ts';
import { EVERYTHING, planOf, REGION, ROLLOUT } from './support/plans.ts';

describe.each(COMMITTED_PLANS.map((committed) => ({ name: basename(committed.file), ...committed })))(
  '$name',
  ({ file, project, stack }) => {
    let planned: Plan;

    beforeAll(async () => {
      planned = await cachedPlan(project, stack, project.exampleSettings(stack));
    });

    it('equals what the program declares; after an intended change, run pnpm ops plan --write', () => {
      const text = renderPlan(planned, `${project.name}, stack ${stack}`);
      expect(`${text}\n`).toBe(readFileSync(file, 'utf8'));
    });

    it('breaks a policy when any role becomes roles/editor', () => {
      const stackOf = { name: stack, region: REGION, access: 'public' };
      const grants = planned.resources.filter(({ inputs }) => inputs.role !== undefined);
      expect(grants.length).toBeGreaterThan(0);
      for (const grant of grants) {
        const { type, name, inputs } = grant;
        expect(
          violationsOf({ type, name, props: { ...inputs, role: 'roles/editor' } }, stackOf),
        ).toContainEqual(
          expect.stringContaining(`no-basic-roles: ${type} "${name}" grants the basic role roles/editor`),
        );
      }
    });
  },
);

it('a stack behind a load balancer and in a rollout breaks no policy, or its program would fail', async () => {
  const { resources } = await planOf('prod', EVERYTHING, ROLLOUT);
  expect(resources.length).toBeGreaterThan(70);
});
