import { resolve } from 'node:path';
import { UserError } from '@records/cli';
import { deployedStack } from './deployed-stack.ts';
import { localStack, STACK_FILE } from './local-stack.ts';
import { LOCAL, lastPart } from './stack-option.ts';
import type { Target } from './target.ts';

const PRODUCTION = 'prod';

/** Names a stack, as `targetOption` and `stackFileOption` read it. */
export interface StackChoice {
  /** `local`, the default, is the one that runs on this machine. */
  readonly stack?: string | undefined;
  /** Description of the running local stack; `.local/stack.json` of this checkout by default. */
  readonly stackFile?: string | undefined;
}

/** Finds the target of a stack. Throws UserError when there is no such stack, or it does not answer. */
export async function findStack({ stack = LOCAL, stackFile }: StackChoice): Promise<Target> {
  if (stack === LOCAL) return localStack(resolve(stackFile ?? STACK_FILE));
  if (stackFile === undefined) return deployedStack(stack);
  throw new UserError(`--stack-file describes a local stack, and stack "${stack}" is a deployed one`, {
    hint: 'leave out --stack-file or --stack',
  });
}

/** Production has readers: whatever is made up for it needs their operator's leave. */
export function isProduction(stack: string): boolean {
  return lastPart(stack) === PRODUCTION;
}
