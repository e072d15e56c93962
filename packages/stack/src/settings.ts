import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { INFRA } from './project.ts';

/** The settings in Pulumi.STACK.yaml, by full key; none without that file. */
export function settingsFile(stack: string, directory = INFRA): Readonly<Record<string, string | undefined>> {
  const path = join(directory, `Pulumi.${stack}.yaml`);
  const file = existsSync(path) ? (parse(readFileSync(path, 'utf8')) as { config?: object } | null) : null;
  return Object.fromEntries(Object.entries(file?.config ?? {}).map(([key, value]) => [key, String(value)]));
}
