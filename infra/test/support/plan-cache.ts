import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Plan, plan } from '@records/local-cloud';
import type { Project } from '../../plans/projects.ts';

/**
 * Runs a program, as `pulumi preview` would, and answers what it declares. A program runs for seconds and always
 * declares the same for the same settings, so each plan is made once for all test files of a run.
 */
export async function cachedPlan(
  project: Project,
  stack: string,
  config: Readonly<Record<string, string>>,
): Promise<Plan> {
  const folder = process.env.PLAN_CACHE;
  if (!folder) throw new Error('PLAN_CACHE is not set: jest.config.js names what sets it');
  const key = JSON.stringify([project.name, stack, Object.entries(config).sort()]);
  const path = join(folder, `${createHash('sha256').update(key).digest('hex')}.json`);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Plan;
  const planned = await plan({ projectDir: project.directory, stack, config });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, JSON.stringify(planned));
  renameSync(unfinished, path);
  return planned;
}
