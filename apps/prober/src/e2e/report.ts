import type { CheckResult } from './suite.ts';

const SIGNS = { passed: '✓', failed: '✗', unconfirmed: '?', 'not tried': '-' } as const;

export function textOf(results: readonly CheckResult[]): string {
  return results.map(({ name, outcome, detail }) => `${SIGNS[outcome]} ${name}\n    ${detail}`).join('\n');
}

export function markdownOf(subject: string, results: readonly CheckResult[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  return [
    `### End to end: ${subject}`,
    '',
    '| | check | |',
    '| --- | --- | --- |',
    ...results.map(({ name, outcome, detail }) => `| ${SIGNS[outcome]} | ${cell(name)} | ${cell(detail)} |`),
    '',
  ].join('\n');
}
