import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { exitCodeOf } from '../errors.ts';
import { REPOSITORY } from '../paths.ts';
import { brokenCalls, callsOf } from './commands.ts';
import { readAutomation } from './files.ts';
import { lint } from './lint.ts';
import { unseenChanges } from './paths.ts';
import { problemsOf } from './rules.ts';
import { overviewOf, sumOf, tableOf } from './table.ts';

const USAGE = `Usage: pnpm workflows [--json] [--out FILE]

What runs at GitHub: each job with its trigger, permissions and secrets. Exit code 1 when actionlint or a rule of the
repository has something to say.

Options:
  --json       print JSON
  --out FILE   add the table to this file, as Markdown
  --help       print this
`;

process.exitCode = await exitCodeOf(USAGE, async () => {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, out: { type: 'string' } } });
  const automation = readAutomation(REPOSITORY);
  const overview = overviewOf(automation);
  const problems = [
    ...(await lint(automation.workflows)),
    ...problemsOf(automation),
    ...brokenCalls(REPOSITORY, callsOf(automation)),
    ...unseenChanges(REPOSITORY, automation),
  ];
  if (values.json) process.stdout.write(`${JSON.stringify({ ...overview, problems })}\n`);
  else process.stdout.write(`${tableOf(overview)}\n\n${sumOf(overview)}\n`);
  if (values.out) {
    appendFileSync(
      values.out,
      `### Workflows\n\n\`\`\`\n${tableOf(overview)}\n\`\`\`\n\n${sumOf(overview)}\n`,
    );
  }
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return problems.length === 0 ? 0 : 1;
});
