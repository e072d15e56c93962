import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';

export interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: unknown;
  readonly 'continue-on-error'?: unknown;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Job {
  readonly if?: unknown;
  readonly 'continue-on-error'?: unknown;
  readonly needs?: string | readonly string[];
  readonly environment?: string;
  readonly concurrency?: unknown;
  readonly permissions?: Readonly<Record<string, string>> | string;
  readonly 'timeout-minutes'?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
  /** A reusable workflow. */
  readonly uses?: string;
}

export interface Workflow {
  /** The file name without its extension. */
  readonly name: string;
  readonly text: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: unknown;
  readonly concurrency: unknown;
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** A composite action of the repository. */
interface LocalAction {
  readonly name: string;
  readonly text: string;
  readonly steps: readonly Step[];
}

export interface Automation {
  readonly workflows: readonly Workflow[];
  readonly actions: readonly LocalAction[];
}

/** Reads all workflows and actions. Throws the errors of reading and parsing. */
export function readAutomation(repository: string): Automation {
  const read = (file: string) => readFileSync(join(repository, '.github', file), 'utf8');
  const find = (pattern: string) => globSync(pattern, { cwd: join(repository, '.github') }).sort();
  return {
    workflows: find('workflows/*.{yml,yaml}').map((file) => parseWorkflow(file, read(file))),
    actions: find('actions/*/action.{yml,yaml}').map((file) => {
      const text = read(file);
      const { runs } = parse(text) as { runs?: { steps?: readonly Step[] } };
      return { name: file.split(/[\\/]/)[1] ?? file, text, steps: runs?.steps ?? [] };
    }),
  };
}

export function parseWorkflow(file: string, text: string): Workflow {
  const { on, permissions, concurrency, env, jobs } = parse(text) as {
    on?: string | readonly string[] | Record<string, unknown>;
    permissions?: unknown;
    concurrency?: unknown;
    env?: Record<string, string>;
    jobs?: Record<string, Job>;
  };
  const triggers = typeof on === 'string' ? [on] : on;
  return {
    name: basename(file).replace(/\.ya?ml$/, ''),
    text,
    on: Array.isArray(triggers)
      ? Object.fromEntries(triggers.map((trigger) => [trigger, null]))
      : ((triggers ?? {}) as Record<string, unknown>),
    permissions,
    concurrency,
    env: env ?? {},
    jobs: jobs ?? {},
  };
}

export function needsOf({ needs = [] }: Job): readonly string[] {
  return typeof needs === 'string' ? [needs] : needs;
}
