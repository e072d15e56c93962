import type { Static, TObject } from '@sinclair/typebox';
import { readStrings, type StringIssue } from './strings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment is not a valid configuration. The message lists every mistake. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(issues: readonly StringIssue[], hint: (name: string) => string | undefined) {
    const mistakes = issues.length === 1 ? '1 mistake' : `${issues.length} mistakes`;
    const lines = issues.map((issue) => describe(issue, hint(issue.name)));
    super(`The environment has ${mistakes}:\n${lines.join('\n')}`);
  }
}

/** Reads variables by a schema whose descriptions are the hints of error messages. Throws ConfigError. */
export function readEnvironment<T extends TObject>(schema: T, environment: Environment): Static<T> {
  const { values, issues } = readStrings(schema, environment);
  if (issues) throw new ConfigError(issues, (name) => schema.properties[name]?.description);
  return values;
}

/** Reads the configuration of this process, or prints every mistake and exits with 1. */
export function configOrExit<Config>(
  read: (environment: Environment) => Config,
  environment: Environment = process.env,
): Config {
  try {
    return read(environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

function describe({ name, value, rule }: StringIssue, hint: string | undefined): string {
  const given = value === undefined ? 'is not set' : `is ${JSON.stringify(value)}`;
  return `  ${name} ${given}: it ${rule} (${hint}).`;
}
