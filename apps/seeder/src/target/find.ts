import { join, resolve } from 'node:path';
import { SeederError } from '../errors.ts';
import { deployedStack } from './deployed-stack.ts';
import { localStack } from './local-stack.ts';
import type { Target } from './target.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../../..');

const LOCAL = 'local';
const PRODUCTION = 'prod';

/** Which stack to seed. */
export interface StackChoice {
  /** `local`, the default, is the one that runs on this machine. */
  readonly stack?: string | undefined;
  /** Description of the running local stack; `.local/stack.json` of this repository by default. */
  readonly stackFile?: string | undefined;
  /** Without it the stack `prod` is refused: records can not be taken back. */
  readonly allowProduction?: boolean | undefined;
}

/** Throws SeederError when there is no such stack, or it does not answer. */
export async function findTarget(choice: StackChoice): Promise<Target> {
  const stack = choice.stack ?? LOCAL;
  if (stack === LOCAL)
    return localStack(resolve(choice.stackFile ?? join(REPOSITORY, '.local', 'stack.json')));
  if (choice.stackFile !== undefined) {
    throw new SeederError(`a stack file describes a local stack, and stack "${stack}" is a deployed one`, {
      wayOut: 'leave out --stack-file or --stack',
    });
  }
  if (stack.split('/').at(-1) === PRODUCTION && !choice.allowProduction) {
    throw new SeederError(`stack "${stack}" would get fake people among its real records, and keep them`, {
      wayOut: 'pass --allow-prod if that is what you want',
    });
  }
  return deployedStack(stack, join(REPOSITORY, 'infra'));
}
