import type { Static, TObject } from '@sinclair/typebox';
import { readStrings, type StringIssue } from './strings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment does not make a configuration. The message lists every mistake. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly issues: readonly StringIssue[];

  constructor(issues: readonly StringIssue[], wayOut: (name: string) => string | undefined) {
    const mistakes = issues.length === 1 ? '1 mistake' : `${issues.length} mistakes`;
    const lines = issues.map((issue) => describe(issue, wayOut(issue.name)));
    super(`The environment has ${mistakes}:\n${lines.join('\n')}`);
    this.issues = issues;
  }
}

/** The variables that a program reads, by a schema whose descriptions are the ways out. Throws ConfigError. */
export function readEnvironment<T extends TObject>(schema: T, environment: Environment): Static<T> {
  const { values, issues } = readStrings(schema, environment);
  if (issues) throw new ConfigError(issues, (name) => schema.properties[name]?.description);
  return values;
}

/** What a program's `main` begins with: a mistake ends the process, and says all that is wrong. */
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

function describe({ name, value, rule }: StringIssue, wayOut: string | undefined): string {
  const given = value === undefined ? 'is not set' : `is ${JSON.stringify(value)}`;
  return `  ${name} ${given}: it ${rule} (${wayOut}).`;
}
