import { appendFileSync, readFileSync } from 'node:fs';
import { EXIT, integer, Option, program, UserError, verb } from '@records/cli';
import { deployedOutputs, REPOSITORY, stackOption } from '@records/stack';

export const delivery = program('delivery', {
  summary: 'what the workflows at GitHub call',
  description: 'Commands for the workflows at GitHub, beside `pnpm ops` and `pnpm prove`.',
  example: 'pnpm delivery workflows',
});

/** For verbs that write Markdown. */
const OUT = ['--out <file>', 'add to this file, such as GITHUB_STEP_SUMMARY, instead of printing'] as const;

function write(text: string, out: string | undefined): void {
  if (out === undefined) process.stdout.write(text);
  else appendFileSync(out, text);
}

verb(delivery, 'tests', {
  summary: 'results of the last `pnpm test`',
  description: 'Prints the results of the last `pnpm test` by package, and the failures.',
  example: 'pnpm delivery tests',
})
  .option(...OUT)
  .action(async ({ out }) => write((await import('./tests.ts')).testsMarkdown(REPOSITORY), out));

/** Sets outputs of a step, in the file that GITHUB_OUTPUT names. */
async function setOutputs(values: Readonly<Record<string, string>>): Promise<void> {
  const { setOutput } = await import('@actions/core');
  for (const [name, value] of Object.entries(values)) setOutput(name, value);
}

verb(delivery, 'output', {
  summary: 'set an output of a step to the content of a file',
  example: 'pnpm delivery output --file report.md --name report',
})
  .requiredOption('--file <file>', 'its content becomes the value')
  .requiredOption('--name <name>', 'of the output')
  .action(({ file, name }) => setOutputs({ [name]: readFileSync(file, 'utf8') }));

verb(delivery, 'subject', {
  summary: "set an image's name and digest as outputs",
  example: 'pnpm delivery subject --image "$IMAGE"',
})
  .requiredOption('--image <image>', 'by its digest')
  .action(async ({ image }) => setOutputs((await import('./subject.ts')).subjectOf(image)));

verb(delivery, 'address', {
  summary: "set the URL of a stack's API as the output url",
  example: 'pnpm delivery address -s dev',
})
  .addOption(stackOption())
  .action(async ({ stack }) => setOutputs({ url: (await deployedOutputs(stack)).apiUrl }));

verb(delivery, 'stacks', {
  summary: 'stacks that are not set up',
  description: 'Names the stacks that are not set up: their variable STATE_URL_DEV, … is empty.',
  example: 'pnpm delivery stacks',
})
  .option(...OUT)
  .action(async ({ out }) => write((await import('./stacks.ts')).missingStacks(process.env), out));

verb(delivery, 'comment', {
  summary: 'write or replace one comment on a pull request',
  description: 'Writes the variable COMMENT as the one comment with a marker, or replaces that comment.',
  example: 'pnpm delivery comment --number 7 --marker preview',
  more: 'Reads the variables COMMENT and GH_TOKEN.',
})
  .addOption(
    new Option('--repository <owner/name>', 'at GitHub').env('GITHUB_REPOSITORY').makeOptionMandatory(),
  )
  .requiredOption('--number <n>', 'of the pull request', integer(1, Number.MAX_SAFE_INTEGER))
  .requiredOption('--marker <name>', 'identifies the comment')
  .action(async (options) => {
    const { COMMENT: text, GH_TOKEN: token } = process.env;
    if (!text || !token) throw new UserError('the variable COMMENT or GH_TOKEN is not set');
    const { writeComment } = await import('./comment.ts');
    process.stdout.write(`comment ${await writeComment({ ...options, text, token })}\n`);
  });

verb(delivery, 'workflows', {
  summary: 'jobs at GitHub, checked against the rules',
  description:
    'Lists the jobs at GitHub with trigger, permissions and secrets. Exit code 1 when actionlint or a rule of the repository finds a problem.',
  example: 'pnpm delivery workflows',
})
  .option('--json', 'print JSON')
  .option('--out <file>', 'add the table to this file, too, as Markdown')
  .action(async ({ json, out }) => {
    const { checkWorkflows, overviewText } = await import('./workflows/check.ts');
    const { overview, problems } = await checkWorkflows(REPOSITORY);
    const text = overviewText(overview);
    write(json ? `${JSON.stringify({ ...overview, problems })}\n` : `${text}\n`, undefined);
    if (out !== undefined) write(`### Workflows\n\n\`\`\`\n${text}\n\`\`\`\n`, out);
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    if (problems.length > 0) process.exitCode = EXIT.failed;
  });

verb(delivery, 'judges', {
  summary: 'zizmor, actionlint and hadolint, if installed',
  description:
    'Lets zizmor, actionlint and hadolint check the workflows and the Dockerfile. Says which ones are not installed. Exit code 1 for a finding.',
  example: 'pnpm delivery judges',
})
  .option('--all', 'exit code 1 also when one is not installed')
  .action(async ({ all }) => {
    const { judge } = await import('./judges.ts');
    const verdicts = judge(REPOSITORY);
    for (const { name, outcome, detail } of verdicts) {
      write(`${name.padEnd(11)} ${outcome}${detail && `: ${detail}`}\n`, undefined);
    }
    const isWrong = (outcome: string) => outcome === 'failed' || (all && outcome === 'skipped');
    if (verdicts.some(({ outcome }) => isWrong(outcome))) process.exitCode = EXIT.failed;
  });
