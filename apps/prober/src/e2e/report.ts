import type { Check } from './run.ts';

const SIGNS = { passed: '✓', failed: '✗', 'not tried': '-' } as const;

export function textOf(checks: readonly Check[]): string {
  return checks.map(({ name, outcome, detail }) => `${SIGNS[outcome]} ${name}\n    ${detail}`).join('\n');
}

export function markdownOf(subject: string, checks: readonly Check[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  return [
    `### End to end: ${subject}`,
    '',
    '| | check | |',
    '| --- | --- | --- |',
    ...checks.map(({ name, outcome, detail }) => `| ${SIGNS[outcome]} | ${cell(name)} | ${cell(detail)} |`),
    '',
  ].join('\n');
}
