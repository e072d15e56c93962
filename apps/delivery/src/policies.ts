import { type Judgement, RULES } from '@records/infra/plans';

/** The result of the policies for every stack, as Markdown. */
export function policiesMarkdown(judgements: readonly Judgement[]): string {
  return [
    '### Policies',
    '',
    `${RULES} rules; violations: ${judgements.flatMap(({ violations }) => violations).length}`,
    '',
    '| stack | resources | violations |',
    '| --- | ---: | ---: |',
    ...judgements.map(
      ({ name, resources, violations }) => `| ${name} | ${resources} | ${violations.length} |`,
    ),
    '',
    ...judgements.flatMap(({ name, violations }) => violations.map((violation) => `- ${name}: ${violation}`)),
    '',
  ].join('\n');
}
