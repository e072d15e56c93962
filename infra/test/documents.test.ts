import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { INFRA } from '@records/stack';
import { parse } from 'yaml';
import { BOOTSTRAP, PLATFORM, type Project } from '../plans/projects.ts';

const read = (path: string): string => readFileSync(join(INFRA, '..', path), 'utf8');

const documents = { 'docs/deploying.md': '', 'docs/operating.md': '' };
for (const path of Object.keys(documents) as (keyof typeof documents)[]) documents[path] = read(path);

function settingsOf(project: Project): string[] {
  const { config } = parse(readFileSync(join(project.directory, 'Pulumi.yaml'), 'utf8')) as {
    config: Record<string, unknown>;
  };
  return ['gcp:project', ...Object.keys(config)];
}

describe.each(Object.entries(documents))('%s', (_, text) => {
  it('shows what pnpm ops plan prints', () => {
    const shown = [...text.matchAll(/^\$ pnpm ops plan -s (\w+)( --bootstrap)?\n(.+)$/gm)];
    for (const [, stack, bootstrap, line] of shown) {
      expect(`${line}\n`).toBe(
        `${read(`infra/plans/${bootstrap ? 'bootstrap' : stack}.txt`).split('\n')[0]}\n`,
      );
    }
  });

  it('sets only settings that exist', () => {
    const commands = [
      ...text.matchAll(
        /pnpm (?:--silent )?pulumi( --cwd bootstrap)? config (?:set|get) -s \S+ (?:--path ')?([\w:]+)/g,
      ),
    ];
    const strangers = commands.filter(
      ([, bootstrap, key = '']) => !settingsOf(bootstrap ? BOOTSTRAP : PLATFORM).includes(key),
    );
    expect(strangers.map(([command]) => command)).toEqual([]);
  });

  it('reads only outputs that stacks have', () => {
    const asked = [...text.matchAll(/pulumi( --cwd bootstrap)? stack output (\w+)/g)];
    const strangers = asked.filter(([, bootstrap, output = '']) => {
      const program = read(bootstrap ? 'infra/bootstrap/index.ts' : 'infra/index.ts');
      return !new RegExp(`\\b${output}\\b`).test(program);
    });
    expect(strangers.map(([command]) => command)).toEqual([]);
  });

  it('names revisions, services and subscriptions as the program does', () => {
    const plan = read('infra/plans/prod.txt');
    const named = [...text.matchAll(/(?:--service|subscriptions (?:seek|pull|describe)) ([a-z-]+)/g)].map(
      ([, name]) => name,
    );
    expect(named.filter((name) => !plan.includes(`name: ${name}\n`))).toEqual([]);
  });
});

it('docs/operating.md names the project in each gcloud and bq command', () => {
  const commands =
    documents['docs/operating.md'].match(/^ *(gcloud (?!storage)|bq ).+|`(gcloud (?!storage)|bq )[^`]+/gm) ??
    [];
  expect(commands.length).toBeGreaterThan(9);
  expect(commands.filter((command) => !/--project(_id)? ("\$PROJECT"|OLD|NEW)/.test(command))).toEqual([]);
});

it('docs/deploying.md shows the error of a stack without an image', () => {
  expect(documents['docs/deploying.md']).toContain(
    'stack dev has no image yet: to build and deploy one, run pnpm ops image -s dev --up',
  );
});

it('docs/deploying.md shows only output that a test proves', () => {
  const blocks = [...documents['docs/deploying.md'].matchAll(/^```console\n(.*)/gm)];
  expect(blocks.length).toBeGreaterThan(2);
  // The last is the seeder's.
  const proved = /^(\$ pnpm ops plan |image is not set|stack dev has no image yet|run {5}\w+ )/;
  expect(blocks.map(([, first = '']) => first).filter((first) => !proved.test(first))).toEqual([]);
});
