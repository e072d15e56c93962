import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { parse, YAMLParseError } from 'yaml';
import { isSystemError } from '../system-error.ts';
import { DeploymentError } from './deployment-error.ts';
import { fromPointer } from './input-paths.ts';
import { describeMistake } from './schema-mistakes.ts';

const TYPE_NAMES = ['string', 'integer', 'boolean', 'array', 'object'] as const;
type ConfigTypeName = (typeof TYPE_NAMES)[number];

const Items = Type.Recursive((This) =>
  Type.Object({ type: Type.String(), items: Type.Optional(This) }, { additionalProperties: false }),
);

/** One entry under `config:` of Pulumi.yaml. https://www.pulumi.com/docs/iac/concepts/projects/project-file/ */
const ConfigDeclaration = Type.Object(
  {
    type: Type.Optional(Type.Union(TYPE_NAMES.map((name) => Type.Literal(name)))),
    items: Type.Optional(Items),
    description: Type.Optional(Type.String()),
    secret: Type.Optional(Type.Boolean()),
    default: Type.Optional(Type.Unknown()),
    value: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
);
export type ConfigDeclaration = Static<typeof ConfigDeclaration>;

const RuntimeOptions = Type.Object({
  typescript: Type.Optional(Type.Boolean()),
  nodeargs: Type.Optional(Type.String()),
});

const ProjectFile = Type.Object({
  name: Type.String({
    pattern: '^[A-Za-z0-9_.-]{1,100}$',
    description: 'a name of 1 to 100 letters, digits, dashes, underscores and dots',
  }),
  runtime: Type.Union([
    Type.String(),
    Type.Object({ name: Type.String(), options: Type.Optional(RuntimeOptions) }),
  ]),
  main: Type.Optional(Type.String()),
  config: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

/** A Pulumi project as its Pulumi.yaml describes it. */
export interface Project {
  readonly name: string;
  /** Absolute path of the folder with Pulumi.yaml. */
  readonly directory: string;
  /** Where the program runs, and what it is called there. */
  readonly workingDirectory: string;
  readonly entryPoint: string;
  readonly typescript: boolean;
  readonly nodeArguments: readonly string[];
  /** Declared configuration by full key (`project:key`); undefined when Pulumi.yaml declares none. */
  readonly config: ReadonlyMap<string, ConfigDeclaration> | undefined;
}

/** Reads Pulumi.yaml. Throws DeploymentError. */
export async function readProject(projectDir: string): Promise<Project> {
  const directory = resolve(projectDir);
  const path = join(directory, 'Pulumi.yaml');
  const content = await readYaml(path);
  if (content === undefined) throw fileError(path, 'there is no such file, so this is no Pulumi project');
  const file = checkShape(path, ProjectFile, content);
  const runtime = typeof file.runtime === 'string' ? { name: file.runtime } : file.runtime;
  if (runtime.name !== 'nodejs') {
    throw fileError(path, `runtime is "${runtime.name}": the local cloud runs nodejs programs only`);
  }
  return {
    name: file.name,
    directory,
    ...(await entryPoint(path, directory, file.main)),
    typescript: runtime.options?.typescript ?? true,
    nodeArguments: runtime.options?.nodeargs?.split(/\s+/).filter(Boolean) ?? [],
    config: file.config && declarations(path, file.name, file.config),
  };
}

/** The content of a YAML file, undefined when there is none. Throws DeploymentError for one that is not YAML. */
export async function readYaml(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    return parse(text) ?? {};
  } catch (error) {
    if (error instanceof YAMLParseError) throw fileError(path, `is not YAML: ${error.message}`);
    throw error;
  }
}

export function fileError(path: string, message: string): DeploymentError {
  return new DeploymentError([{ message: `${relative(process.cwd(), path) || path}: ${message}` }]);
}

/** `content`, typed. Throws DeploymentError with the first thing that is wrong. */
export function checkShape<T extends TSchema>(
  path: string,
  schema: T,
  content: unknown,
  prefix = '',
): Static<T> {
  const error = Value.Errors(schema, content).First();
  if (error) {
    const where = `${prefix}${fromPointer(error.path)}` || 'the content';
    throw fileError(path, `${where} ${describeMistake(error)}`);
  }
  return content;
}

async function entryPoint(path: string, directory: string, main: string | undefined) {
  if (main === undefined) return { workingDirectory: directory, entryPoint: '.' };
  const target = join(directory, main);
  if (isAbsolute(main) || relative(directory, target).startsWith('..')) {
    throw fileError(path, `main is "${main}": it must be a path below the project's folder`);
  }
  const found = await stat(target).catch(() => undefined);
  if (!found) throw fileError(path, `main is "${main}": there is no such file or folder`);
  if (found.isDirectory()) return { workingDirectory: target, entryPoint: '.' };
  return { workingDirectory: dirname(target), entryPoint: basename(target) };
}

function declarations(path: string, project: string, config: Record<string, unknown>) {
  const result = new Map<string, ConfigDeclaration>();
  for (const [name, value] of Object.entries(config)) {
    const key = fullKey(project, name);
    const isShorthand = typeof value !== 'object' || value === null || Array.isArray(value);
    const declaration = isShorthand
      ? { value }
      : checkShape(path, ConfigDeclaration, value, `config.${name}.`);
    if (declaration.value !== undefined && declaration.default !== undefined) {
      throw fileError(path, `config.${name} has both a value and a default: keep one`);
    }
    if (!key.startsWith(`${project}:`) && declaration.value === undefined) {
      throw fileError(
        path,
        `config.${name} belongs to another namespace: it can have a value and nothing else`,
      );
    }
    result.set(key, declaration);
  }
  return result;
}

/** `key` with its namespace: a bare one belongs to the project. */
export function fullKey(project: string, key: string): string {
  return key.includes(':') ? key : `${project}:${key}`;
}
