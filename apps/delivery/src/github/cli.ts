import { appendFileSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { exitCodeOf, UsageError } from '../errors.ts';
import { REPOSITORY } from '../paths.ts';
import { apiAddress } from '../stack.ts';
import { writeComment } from './comment.ts';
import { outputLines, subjectOf } from './outputs.ts';
import { missingStacks } from './stacks.ts';
import { testsMarkdown } from './tests.ts';

const USAGE = `Usage: pnpm report tests [--out FILE]                            the figures of the last pnpm test, and what failed
       pnpm report policies [--out FILE]                         the policies over every stack; exit code 1 when one is broken
       pnpm report output --file FILE --name NAME [--out FILE]   what a file says, as an output of a step
       pnpm report subject --image IMAGE [--out FILE]            name and digest of an image, as outputs
       pnpm report address -s STACK [--out FILE]                 url of a stack's API, as an output
       pnpm report stacks [--out FILE]                           which stacks are not set up: STATE_URL_DEV and so on are empty
       pnpm report comment --repository OWNER/NAME --number N --marker NAME
                                                                 what COMMENT holds, as the one comment with that marker

Options:
  -s, --stack STACK    dev, staging, prod, …
  --out FILE           add to this file, such as GITHUB_OUTPUT or GITHUB_STEP_SUMMARY, instead of printing
  --help               print this

comment reads the variables COMMENT and GH_TOKEN.
`;

process.exitCode = await exitCodeOf(USAGE, async () => {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    options: {
      ...{ out: text, file: text, name: text, image: text, repository: text, number: text, marker: text },
      stack: { type: 'string', short: 's' },
    },
    allowPositionals: true,
  });
  const need = (option: Exclude<keyof typeof values, 'out'>): string => {
    const value = values[option];
    if (value === undefined || value === '') throw new UsageError(`--${option} is missing`);
    return value;
  };
  const write = (result: string) => {
    if (values.out) appendFileSync(values.out, result);
    else process.stdout.write(result);
  };
  switch (positionals.join(' ')) {
    case 'tests':
      write(testsMarkdown(REPOSITORY));
      return 0;
    case 'policies': {
      // Not for the other reports: it loads Pulumi.
      const { judgeStacks } = await import('@records/infra/tools/violations.ts');
      const { policiesMarkdown } = await import('./policies.ts');
      const judgements = await judgeStacks();
      write(policiesMarkdown(judgements));
      return judgements.every(({ violations }) => violations.length === 0) ? 0 : 1;
    }
    case 'output':
      write(outputLines({ [need('name')]: readFileSync(need('file'), 'utf8') }));
      return 0;
    case 'subject':
      write(outputLines(subjectOf(need('image'))));
      return 0;
    case 'address':
      write(outputLines({ url: await apiAddress(need('stack')) }));
      return 0;
    case 'stacks':
      write(missingStacks(process.env));
      return 0;
    case 'comment': {
      const number = Number(need('number'));
      if (!Number.isSafeInteger(number) || number < 1)
        throw new UsageError('--number must be a pull request');
      const { COMMENT: comment, GH_TOKEN: token } = process.env;
      if (!comment || !token) throw new UsageError('COMMENT or GH_TOKEN is not set');
      const done = await writeComment({
        repository: need('repository'),
        number,
        marker: need('marker'),
        text: comment,
        token,
      });
      process.stdout.write(`comment ${done}\n`);
      return 0;
    }
    default:
      throw new UsageError(
        `"${positionals.join(' ')}" is none of: tests, policies, output, subject, address, stacks, comment`,
      );
  }
});
