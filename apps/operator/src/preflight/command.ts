import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, EXIT, InvalidArgumentError, verb } from '@records/cli';
import { type NameRule, PROJECT_ID, REGION } from '@records/infra/names';
import { INFRA, PROJECT, settingsFile, stackOption } from '@records/stack';
import { parse } from 'yaml';
import { askOn } from './ask.ts';
import type { Finding, Outcome } from './finding.ts';
import { type Part, preflight } from './preflight.ts';

const SIGNS: Readonly<Record<Outcome, string>> = { ready: '✓', missing: '✗', note: '!', unknown: '?' };

export function addPreflight(ops: Command): void {
  verb(ops, 'preflight', {
    summary: 'find what is missing before a deployment',
    description:
      'Asks this machine, Google Cloud and GitHub for what a deployment needs, and shows a command for what is missing. Changes nothing.',
    example: 'pnpm ops preflight -s dev',
    more: `Signs: ✓ ready, ✗ missing, ! good to know, ? not asked or not answered.
Exit code 1 when something is missing. Each question takes at most 20 seconds.`,
  })
    .addOption(stackOption().makeOptionMandatory(false))
    .option('--project <id>', "of Google Cloud (default: the stack's gcp:project)", matching(PROJECT_ID))
    .option('--region <region>', "where everything is (default: the stack's gcp:region)", matching(REGION))
    .option('--repository <owner/name>', 'at GitHub (default: that of origin)', matching(REPOSITORY_NAME))
    .option('--json', 'print JSON')
    .action(async ({ stack, json, ...named }) => {
      const settings = stack === undefined ? {} : settingsFile(stack);
      const environment = process.env;
      const parts = await preflight(
        { ask: askOn(environment), environment, platform: process.platform },
        {
          project: named.project ?? settings['gcp:project'],
          region: named.region ?? settings['gcp:region'] ?? defaultRegion(),
          loadBalancer: settings[`${PROJECT}:access`] === 'load-balancer',
          repository: named.repository,
        },
      );
      process.stdout.write(json ? `${JSON.stringify(parts)}\n` : textOf(parts));
      if (count(parts, 'missing') > 0) process.exitCode = EXIT.failed;
    });
}

const REPOSITORY_NAME: NameRule = { pattern: /^[\w.-]+\/[\w.-]+$/, rule: 'OWNER/NAME' };

function matching({ pattern, rule }: NameRule) {
  return (text: string): string => {
    if (pattern.test(text)) return text;
    throw new InvalidArgumentError(`"${text}" must be ${rule}`);
  };
}

function defaultRegion(): string {
  const { config } = parse(readFileSync(join(INFRA, 'Pulumi.yaml'), 'utf8')) as {
    config: { 'gcp:region': { value: string } };
  };
  return config['gcp:region'].value;
}

function count(parts: readonly Part[], outcome: Outcome): number {
  return parts.flatMap(({ findings }) => findings).filter((one) => one.outcome === outcome).length;
}

function textOf(parts: readonly Part[]): string {
  const width = Math.max(...parts.flatMap(({ findings }) => findings.map(({ name }) => name.length)));
  const lines = parts.flatMap(({ title, findings }) => [
    title,
    ...findings.flatMap((finding) => linesOf(finding, width)),
    '',
  ]);
  const sums = (['ready', 'missing', 'note', 'unknown'] as const).map((outcome) => count(parts, outcome));
  const [ready, missing, notes, unknown] = sums;
  return `${lines.join('\n')}\n${ready} ready, ${missing} missing, ${notes} to know, ${unknown} not asked or answered\n`;
}

function linesOf({ name, outcome, detail, fix }: Finding, width: number): string[] {
  const fixes = fix === undefined ? [] : [`  ${' '.repeat(width + 4)}${fix}`];
  return [`  ${SIGNS[outcome]} ${name.padEnd(width)}  ${detail}`, ...fixes];
}
