import { globSync } from 'node:fs';
import { InvalidArgumentError, nearest, Option } from '@records/cli';
import { INFRA } from './project.ts';

/** The stack of `pnpm dev`. */
export const LOCAL = 'local';

/** Pulumi's own rule. https://www.pulumi.com/docs/iac/concepts/stacks */
const STACK_NAME = /^\w[\w.-]*(\/\w[\w.-]*){0,2}$/;

/** The stacks of the checkout: those with a settings file. */
export function stackNames(): string[] {
  return globSync('Pulumi.*.yaml', { cwd: INFRA })
    .map((file) => file.slice('Pulumi.'.length, -'.yaml'.length))
    .sort();
}

/** `dev` of `organisation/records-platform/dev`. */
export function lastPart(stack: string): string {
  return stack.slice(stack.lastIndexOf('/') + 1);
}

/** Parses `-s`. Only the last part of a qualified name counts. Throws InvalidArgumentError for an unknown stack. */
function knownStack(stack: string): string {
  const known = stackNames();
  if (STACK_NAME.test(stack) && known.includes(lastPart(stack))) return stack;
  const near = nearest(lastPart(stack), known);
  const guess = near === undefined ? '' : ` Did you mean ${near}?`;
  throw new InvalidArgumentError(`There is no stack "${stack}" here: ${known.join(', ')}.${guess}`);
}

/** The same, without the local stack. */
function deployableStack(stack: string): string {
  if (lastPart(knownStack(stack)) !== LOCAL) return stack;
  const others = stackNames().filter((name) => name !== LOCAL);
  throw new InvalidArgumentError(
    `Stack "${stack}" runs on this machine, by \`pnpm dev\`. Name one at Google: ${others.join(', ')}.`,
  );
}

/** `-s, --stack NAME` of a command on a stack that Pulumi deploys. */
export function stackOption() {
  return new Option('-s, --stack <name>', 'dev, staging, prod, …')
    .argParser(deployableStack)
    .makeOptionMandatory();
}

/** `-s, --stack NAME` of a command that asks only the program and its settings. Not mandatory. */
export function settingsOption() {
  return new Option('-s, --stack <name>', 'local, dev, staging, prod, …').argParser(knownStack);
}

/** `-s, --stack NAME` of a command on the running local stack, or one that Pulumi deployed. */
export function targetOption() {
  return new Option('-s, --stack <name>', 'the local stack, or one that Pulumi deployed')
    .argParser(knownStack)
    .default(LOCAL);
}

export function stackFileOption() {
  return new Option(
    '--stack-file <path>',
    'description of the running local stack (default: .local/stack.json)',
  );
}
