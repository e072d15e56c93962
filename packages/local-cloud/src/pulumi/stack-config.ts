import { join } from 'node:path';
import { Type } from '@sinclair/typebox';
import { DeploymentError, type Problem } from './deployment-error.ts';
import { type ConfigDeclaration, checkShape, fileError, fullKey, type Project, readYaml } from './project.ts';

const StackFile = Type.Object({
  config: Type.Optional(Type.Union([Type.Null(), Type.Record(Type.String(), Type.Unknown())])),
  environment: Type.Optional(Type.Unknown()),
});

/** The configuration of a stack in the form that Pulumi's language runtime takes. */
export interface StackConfig {
  /** By full key (`gcp:project`). Structured values as JSON. */
  readonly values: Readonly<Record<string, string>>;
  readonly secretKeys: readonly string[];
}

/**
 * Merges the declarations of Pulumi.yaml, Pulumi.<stack>.yaml and `overrides`, where the later one wins, and checks the
 * result against the declarations. Throws DeploymentError with every mistake.
 */
export async function readStackConfig(
  project: Project,
  stack: string,
  overrides: Readonly<Record<string, string>> = {},
): Promise<StackConfig> {
  const path = join(project.directory, `Pulumi.${stack}.yaml`);
  const file = checkShape(path, StackFile, (await readYaml(path)) ?? {});
  if (file.environment !== undefined) {
    throw fileError(path, 'environment: the local cloud cannot open Pulumi ESC environments');
  }
  const given = new Map<string, unknown>();
  for (const [key, value] of Object.entries({ ...file.config, ...overrides })) {
    given.set(fullKey(project.name, key), value);
  }
  const values: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const [key, value] of given) {
    const mistake = encrypted(key, value, stack) ?? undeclared(project, key);
    if (mistake) problems.push({ message: mistake });
    else values[key] = toText(value);
  }
  for (const [key, declaration] of project.config ?? []) {
    if (given.has(key) && !(key in values)) continue;
    const value = values[key] ?? toOptionalText(declaration.value) ?? toOptionalText(declaration.default);
    const mistake = check(project, stack, key, declaration, value);
    if (mistake) problems.push({ message: mistake });
    else if (value !== undefined) values[key] = value;
  }
  if (problems.length > 0) throw new DeploymentError(problems);
  return { values, secretKeys: secretKeys(project) };
}

function check(
  project: Project,
  stack: string,
  key: string,
  declaration: ConfigDeclaration,
  value: string | undefined,
): string | undefined {
  const about = declaration.description ? ` (${declaration.description})` : '';
  if (value === undefined) {
    return `stack "${stack}" has no value for ${key}${about}. ${howToSet(project, stack, key, declaration)}`;
  }
  const rule = brokenRule(declaration, value);
  if (rule === undefined) return undefined;
  const shown = declaration.secret ? '[secret]' : JSON.stringify(value);
  return `${key} of stack "${stack}" is ${shown}: it must be ${rule}${about}. ${howToSet(project, stack, key, declaration)}`;
}

function brokenRule({ type, items }: ConfigDeclaration, value: string): string | undefined {
  switch (type) {
    case undefined:
    case 'string':
      return undefined;
    case 'integer':
      return /^[+-]?\d+$/.test(value) ? undefined : 'an integer';
    case 'boolean':
      return value === 'true' || value === 'false' ? undefined : 'true or false';
    case 'array':
      return hasType(parseJson(value), { type, items })
        ? undefined
        : `an array of ${items?.type ?? 'values'}`;
    case 'object':
      return hasType(parseJson(value), { type }) ? undefined : 'an object';
  }
}

type Items = NonNullable<ConfigDeclaration['items']>;

function hasType(value: unknown, { type, items }: { type: string; items?: Items | undefined }): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value) && (!items || value.every((item) => hasType(item, items)));
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function howToSet(project: Project, stack: string, key: string, { type, secret }: ConfigDeclaration): string {
  const bare = key.startsWith(`${project.name}:`) ? key.slice(project.name.length + 1) : key;
  const structured = type === 'array' || type === 'object';
  const command = structured
    ? ''
    : `run "pulumi config set -s ${stack} ${bare} VALUE${secret ? ' --secret' : ''}", or `;
  return `To set it, ${command}write it under config: in Pulumi.${stack}.yaml.`;
}

function encrypted(key: string, value: unknown, stack: string): string | undefined {
  if (typeof value !== 'object' || value === null || !('secure' in value)) return undefined;
  return (
    `${key} of stack "${stack}" is encrypted, and the local cloud has no key to decrypt it. ` +
    `Use a stack of its own for the local cloud, with a plain value in Pulumi.${stack}.yaml.`
  );
}

function undeclared(project: Project, key: string): string | undefined {
  if (!project.config || project.config.has(key) || !key.startsWith(`${project.name}:`)) return undefined;
  const known = [...project.config.keys()].filter((other) => other.startsWith(`${project.name}:`));
  return (
    `${key} is not a setting of this project: Pulumi.yaml declares ${known.join(', ') || 'none'}. ` +
    'Correct the name, or declare it under config: in Pulumi.yaml.'
  );
}

function secretKeys(project: Project): string[] {
  return [...(project.config ?? [])].filter(([, { secret }]) => secret).map(([key]) => key);
}

function toOptionalText(value: unknown): string | undefined {
  return value === undefined ? undefined : toText(value);
}

function toText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
