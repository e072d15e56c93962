import type { CloudError } from '../errors.ts';
import { label } from './urn.ts';

/** One reason why a deployment failed. */
export interface Problem {
  /** URN of the resource at fault; absent for a problem of the program or the project. */
  readonly urn?: string;
  /** Path of the input at fault: `topic`, `bigqueryConfig.table`, `template.containers[0].image`. */
  readonly property?: string;
  /** What is wrong and what to do about it. */
  readonly message: string;
  /** Columns with rows that the program no longer declares, when that is all that is wrong: see `ProgramOptions.goneColumns`. */
  readonly goneColumns?: readonly string[] | undefined;
  /** Where the program declares the resource: `infra/src/topic.ts:12`. */
  readonly position?: string | undefined;
}

/** A deployment that failed, wholly or in part. The message lists every problem. */
export class DeploymentError extends Error {
  override readonly name = 'DeploymentError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options: { cause?: unknown } = {}) {
    super(problems.map(describe).join('\n'), options);
    this.problems = problems;
  }

  /** URN of the first problem's resource. */
  get resource(): string | undefined {
    return this.problems[0]?.urn;
  }

  /** Property of the first problem. */
  get property(): string | undefined {
    return this.problems[0]?.property;
  }
}

/** Google's message, with the hint in parentheses. */
export function textOf({ message, hint }: CloudError): string {
  return hint ? `${message} (${hint})` : message;
}

function describe({ urn, property, message, position }: Problem): string {
  if (!urn) return message;
  const where = position ? `${position}: ` : '';
  return `${where}${label(urn)}${property ? `, property "${property}"` : ''}: ${message}`;
}
