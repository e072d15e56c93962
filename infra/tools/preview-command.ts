import { reportPreview } from './preview.ts';
import { pulumiCli } from './pulumi-cli.ts';
import { stackCommand } from './stack-command.ts';

const USAGE = `Usage: pnpm preview -s STACK [--out FILE] [--expect-no-changes]

Compares what is deployed with the program, and changes nothing: which resources and which of their properties, what is
replaced or deleted first. Exit code 1 when it could not be compared.

Options:
  -s, --stack STACK       dev, staging, prod, …
  --out FILE              add the result to this file, as Markdown; also that there is none
  --expect-no-changes     exit code 1 when there are any
  --help                  print this

GITHUB_STEP_SUMMARY, which GitHub sets, gets the result, too.
`;

process.exitCode = await stackCommand(
  USAGE,
  { out: { type: 'string' }, 'expect-no-changes': { type: 'boolean' } },
  async ({ stack, text, flag }) => {
    const files = [text('out'), process.env.GITHUB_STEP_SUMMARY];
    const result = await reportPreview(stack, pulumiCli, files);
    process.stdout.write(`${result.text}\n`);
    if (!flag('expect-no-changes') || result.changes === 0) return 0;
    process.stderr.write(`stack ${stack} differs from its program in ${result.changes} resources\n`);
    return 1;
  },
);
