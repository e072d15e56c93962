import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '@records/stack';
import { parse } from 'yaml';
import { JUDGES, judge } from '../src/judges.ts';
import { brokenCalls, callsOf } from '../src/workflows/commands.ts';
import { parseWorkflow, readAutomation } from '../src/workflows/files.ts';
import { lint } from '../src/workflows/lint.ts';
import { declaringPaths, unseenChanges } from '../src/workflows/paths.ts';
import { problemsOf } from '../src/workflows/rules.ts';
import { overviewOf } from '../src/workflows/table.ts';

const automation = readAutomation(REPOSITORY);

describe('what runs at GitHub', () => {
  it('is seven workflows and two actions, without a finding of actionlint', async () => {
    expect(automation.workflows.map(({ name }) => name)).toEqual([
      ...['ci', 'deploy', 'drift', 'load', 'mutants', 'preview', 'rollback'],
    ]);
    expect(automation.actions.map(({ name }) => name)).toEqual(['pulumi', 'set-up']);
    expect(await lint(automation.workflows)).toEqual([]);
  });

  it('keeps every rule: pinned actions, least permissions, no key, one build, proved before the next stack', () => {
    expect(problemsOf(automation)).toEqual([]);
  });

  it('has nothing unpinned and no long-lived credential', () => {
    expect(overviewOf(automation)).toMatchObject({ unpinned: 0, longLivedCredentials: 0 });
    expect(overviewOf(automation).actions).toBeGreaterThan(20);
  });

  it('calls existing scripts and verbs, with options from their help', () => {
    const calls = callsOf(automation);
    expect(new Set(calls.map(({ script }) => script))).toEqual(
      new Set('check test mutants delivery build bench ops prove'.split(' ')),
    );
    expect(brokenCalls(REPOSITORY, calls)).toEqual([]);
    const from = 'ci/test';
    expect(
      brokenCalls(REPOSITORY, [
        { from, script: 'deplyo', verbs: [], flags: [] },
        { from, script: 'ops', verbs: ['premote'], flags: [] },
        { from, script: 'ops', verbs: ['promote'], flags: ['--verify', '--rebuild'] },
      ]),
    ).toEqual([
      'ci/test: there is no script "deplyo"',
      'ci/test: there is no pnpm ops premote',
      'ci/test: pnpm ops promote knows no --rebuild',
    ]);
  });
});

it('previews a change of infra or of any package that it imports', () => {
  expect(declaringPaths(REPOSITORY)).toEqual(
    expect.arrayContaining(['infra/**', 'packages/monitoring/**', 'packages/records-schema/**']),
  );
  expect(unseenChanges(REPOSITORY, automation)).toEqual([]);
  const blind = parseWorkflow('preview.yml', 'on: { pull_request: { paths: [infra/**, pnpm-lock.yaml] } }');
  expect(unseenChanges(REPOSITORY, { workflows: [blind], actions: [] })).toContain(
    'preview: does not run when packages/monitoring/** changes, which changes what is declared',
  );
});

it('previews the other stacks after one preview fails, and comments', () => {
  const { preview, comment } = automation.workflows.find(({ name }) => name === 'preview')?.jobs ?? {};
  const steps = preview?.steps ?? [];
  const first = steps.findIndex(({ run = '' }) => run.startsWith('pnpm ops preview'));
  expect(first).toBeGreaterThan(0);
  const later = steps.slice(first + 1);
  expect(later.filter(({ run = '' }) => run.startsWith('pnpm ops preview'))).toHaveLength(2);
  for (const step of [...later, comment]) expect(String(step?.if)).toContain('!cancelled()');
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
    [
      'all secrets at once',
      step(`{ run: x, env: { ALL: '${expression('toJSON(secrets)')}' } }`),
      'reads a secret',
    ],
    [
      'a secret by a computed name',
      step(`{ run: x, env: { K: '${expression('secrets[inputs.name]')}' } }`),
      'reads a secret',
    ],
    [
      'an echo of all that GitHub hands over',
      step(`{ run: 'echo "$ALL"', env: { ALL: '${expression('toJSON(github)')}' } }`),
      'prints a secret',
    ],
    [
      'a token for every step of a job',
      step('{ run: x }').replace('steps:', `env: { T: '${expression('github.token')}' }\n    steps:`),
      'ci/test: gives the token T to every step',
    ],
    [
      'a token for every step of a workflow',
      step('{ run: x }').replace('jobs:', `env: { T: '${expression('github.token')}' }\njobs:`),
      'ci: gives the token T to every step',
    ],
    ['a step that may fail', step('{ run: x, continue-on-error: true }'), 'continues on error'],
    [
      'a job that may fail',
      step('{ run: x }').replace('steps:', 'continue-on-error: true\n    steps:'),
      'ci/test: continues on error',
    ],
    ['a step that never runs', step('{ run: x, if: false }'), 'has a condition that is never true'],
    [
      'a step that never runs, by an expression',
      step(`{ run: x, if: '${expression('false')}' }`),
      'has a condition that is never true',
    ],
    ['a failure that is swallowed', step(`{ run: 'pnpm test || true' }`), 'hides its failure'],
    ['a failure that is followed by nothing', step(`{ run: 'pnpm test; true' }`), 'hides its failure'],
    ['a shell that does not stop', step(`{ run: 'set +e; pnpm test' }`), 'hides its failure'],
    [
      'an identity although something failed',
      step('{ run: x }')
        .replace('{ contents: read }', '{ id-token: write }')
        .replace('steps:', 'if: always()\n    steps:'),
      'has an identity, and runs although a job that it needs failed',
    ],
    [
      "a stranger's workflow",
      step('{ run: x }').replace('steps:', `uses: owner/name/.github/workflows/x.yml@${sha}\n    steps:`),
      'calls another workflow',
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

  const image = expression('needs.build.outputs.image');
  it.each<[string, string | RegExp, string, string]>([
    [
      'rebuilds',
      'pnpm ops promote "$IMAGE" -s staging',
      'pnpm ops image -s staging #',
      'deploy/staging: builds again',
    ],
    [
      'skips the end-to-end tests',
      'pnpm prove e2e --stack dev',
      'true',
      'deploy/dev: is not proved end to end',
    ],
    [
      'does not mind how they end',
      'pnpm prove e2e --stack dev --out "$GITHUB_STEP_SUMMARY"',
      'pnpm prove e2e --stack dev | tail',
      'deploy/dev: is not proved end to end',
    ],
    [
      'runs them now and then',
      '- run: pnpm prove e2e --stack dev',
      '- if: github.actor == github.repository_owner\n        run: pnpm prove e2e --stack dev',
      'deploy/dev: is not proved end to end',
    ],
    ['does not wait', 'needs: [build, staging]', 'needs: [build]', 'deploy/prod: does not wait for staging'],
    [
      'goes on to prod whatever happened',
      /if: vars.STATE_URL_PROD != ''.*/,
      'if: always()',
      `deploy/prod: may have the condition "vars.STATE_URL_PROD != ''`,
    ],
    ['asks nobody', 'environment: prod', 'environment: dev', 'deploy/prod: is not in the environment prod'],
    [
      'stays where it is when it is cancelled',
      'if: cancelled()',
      'if: failure()',
      'deploy/prod: leaves the traffic as it is',
    ],
    [
      'queues before others',
      'group: deploy-staging',
      'group: deploy-prod',
      'deploy/prod: wait for each other',
    ],
    [
      'keeps others waiting for its approval',
      / {4}concurrency:\n {6}group: deploy-prod\n.*\n/,
      '',
      'deploy/prod: has no queue of its own',
    ],
    ['trusts any image', '-s dev --verify "$SIGNED_BY"', '-s dev', 'deploy/dev: does not verify'],
    ['trusts any image in public', /SIGNED_BY: .*/g, 'SIGNED_BY: nobody', 'deploy/staging: does not verify'],
    [
      'reaches prod where nobody can be asked',
      / && \(!github\.event\.repository\.private.*\)$/m,
      '',
      `deploy/prod: may have the condition "vars.STATE_URL_PROD != '' && (!github.event.repository.private`,
    ],
    ['promotes another image', image, 'host/api:latest', 'deploy/dev: does not promote the image of the job'],
    ['does not wait for the tests', 'needs: [test]\n', 'needs: []\n', 'deploy/build: does not wait for test'],
    [
      'tests something else',
      'uses: ./.github/workflows/ci.yml',
      'uses: ./.github/workflows/drift.yml',
      'deploy/test: is not all of',
    ],
    ['builds from tags', ' --frozen', '', 'deploy/build: builds from the tags'],
  ])('for a deployment that %s', (_, part, instead, problem) => {
    expect(problemsWith('deploy', part, instead)).toContain(problem);
  });

  it.each(['drift', 'deploy', 'rollback', 'load', 'preview'])(
    'for a job of %s with a state and no pinned Pulumi',
    (name) => {
      expect(problemsWith(name, / {6}- uses: \.\/\.github\/actions\/pulumi\n/, '')).toContain(
        ': lets an installer that nobody pinned download Pulumi',
      );
    },
  );

  it('for a rollback that waits for a deployment', () => {
    const workflows = automation.workflows.map((one) =>
      one.name === 'rollback'
        ? parseWorkflow('rollback.yml', one.text.replace(/group: rollback-.*/, 'group: deploy-prod'))
        : one,
    );
    expect(problemsOf({ ...automation, workflows })).toContain(
      'deploy/prod and rollback: wait for each other',
    );
  });

  it.each([
    ['a test that is left out', '- run: pnpm test\n', '- run: pnpm test --help\n        if: false\n'],
    ['a part of the tests', '- run: pnpm test\n', '- run: pnpm test --filter @records/api\n'],
    ['tests for some people', '  test:\n', "  test:\n    if: github.actor == 'me'\n"],
  ])('for a deployment by %s', (_, part, instead) => {
    expect(problemsWith('ci', part, instead)).toContain('ci/test: does not always run pnpm test');
  });

  function problemsWith(name: string, part: string | RegExp, instead: string): string {
    const workflows = automation.workflows.map((one) => {
      if (one.name !== name) return one;
      expect(one.text).toMatch(part instanceof RegExp ? part : new RegExp(RegExp.escape(part)));
      return parseWorkflow(`${name}.yml`, one.text.replace(part, instead));
    });
    return problemsOf({ ...automation, workflows }).join('\n');
  }
});

// Scripts stand in for the programs, which Windows does not start.
const onPosix = process.platform === 'win32' ? describe.skip : describe;

onPosix('what workflows install by hand', () => {
  const action = (name: string) => {
    const { steps } = automation.actions.find((one) => one.name === name) ?? {};
    return steps?.find(({ run }) => run?.includes('sum --check')) ?? {};
  };
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'installs-'));
    // The programs are put beside it.
    mkdirSync(join(folder, 'bin'));
    symlinkSync(process.execPath, join(folder, 'bin', 'node'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs a step on Linux, with programs that stand in for npm and curl: they deliver an archive. */
  function run(name: string, env: Record<string, string>) {
    const { run = '', env: ofStep } = action(name);
    for (const program of ['npm', 'curl']) {
      const path = join(folder, program);
      writeFileSync(path, '#!/bin/sh\nfor last; do :; done\necho "$@" > "$0.args"\ncp archive "$DELIVER"\n');
      chmodSync(path, 0o755);
    }
    const path = `${folder}:${folder}/bin:${process.env.PATH}`;
    return spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', run], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        ...{ ...process.env, ...ofStep, ...env, PATH: path, HOME: folder },
        RUNNER_TEMP: folder,
      },
    });
  }

  function archive(...files: readonly string[]): Buffer {
    for (const file of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), `#!/bin/sh\necho "${file} ran"\n`);
      chmodSync(join(folder, file), 0o755);
    }
    spawnSync('tar', ['--create', '--gzip', '--file', 'archive', ...files], { cwd: folder });
    return readFileSync(join(folder, 'archive'));
  }

  it('is the Pulumi of pnpm-workspace.yaml, where pnpm pulumi looks for it', () => {
    const { catalog } = parse(readFileSync(join(REPOSITORY, 'pnpm-workspace.yaml'), 'utf8'));
    expect(action('pulumi').env?.VERSION).toBe(catalog.pulumi);
    expect(action('pulumi').env?.SHA256).toMatch(/^[0-9a-f]{64}$/);
    const SHA256 = createHash('sha256').update(archive('pulumi/pulumi')).digest('hex');
    const DELIVER = join(folder, 'pulumi.tar.gz');
    expect(run('pulumi', { SHA256, DELIVER }).status).toBe(0);
    expect(spawnSync(join(folder, 'bin', 'pulumi'), { encoding: 'utf8' }).stdout).toBe('pulumi/pulumi ran\n');
    const entry = join(REPOSITORY, 'infra', 'node_modules', 'pulumi', 'run.js');
    const { HOME, PULUMI_HOME } = { HOME: folder, PULUMI_HOME: '' };
    const found = spawnSync(process.execPath, [entry, 'version'], {
      encoding: 'utf8',
      env: { ...process.env, HOME, PULUMI_HOME },
    });
    expect(found.stdout).toBe('pulumi/pulumi ran\n');
  });

  it('is the pnpm of package.json, beside node', () => {
    expect(action('set-up').env?.SHA512).toMatch(/^[0-9a-f]{128}$/);
    const SHA512 = createHash('sha512').update(archive('package/pnpm')).digest('hex');
    writeFileSync(join(folder, 'package.json'), '{ "packageManager": "pnpm@1.2.3" }');
    const DELIVER = join(folder, 'pnpm-exe.linux-x64-1.2.3.tgz');
    const { status } = run('set-up', { SHA512, DELIVER });
    expect(status).toBe(0);
    expect(readFileSync(join(folder, 'npm.args'), 'utf8')).toContain('@pnpm/exe.linux-x64@1.2.3');
    expect(spawnSync(join(folder, 'bin', 'pnpm'), { encoding: 'utf8' }).stdout).toBe('package/pnpm ran\n');
  });

  it.each([
    ['pulumi', 'pulumi/pulumi', 'pulumi.tar.gz'],
    ['set-up', 'package/pnpm', 'pnpm-exe.linux-x64-12.21.0.tgz'],
  ])('is not taken when it is something else: %s', (name, file, delivered) => {
    archive(file);
    writeFileSync(join(folder, 'package.json'), '{ "packageManager": "pnpm@12.21.0" }');
    const { status, stdout } = run(name, { DELIVER: join(folder, delivered) });
    expect({ status, stdout }).toEqual({ status: 1, stdout: expect.stringMatching(/: FAILED\n$/) });
    expect(existsSync(join(folder, '.pulumi')) || existsSync(join(folder, 'bin', 'pnpm'))).toBe(false);
  });
});

onPosix('pnpm delivery judges', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'judges-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function install(name: string, version: string, status: number): void {
    const path = join(folder, name);
    const finding = '[ "$1" = --version ] || { echo "line 3: a finding"; exit "$STATUS"; }';
    writeFileSync(
      path,
      `#!/bin/sh\nSTATUS=${status}\n[ "$1" = --version ] && echo "${name} ${version}"\n${finding}\n`,
    );
    chmodSync(path, 0o755);
  }

  const verdicts = () => judge(REPOSITORY, { PATH: `${folder}:/bin` });

  it('skips the judges that are not installed, or are of another version, and says how to install them', () => {
    install('actionlint', '1.0.0', 0);
    expect(verdicts()).toEqual([
      { name: 'zizmor', outcome: 'skipped', detail: 'not installed. Run: pip install zizmor==1.32.0' },
      {
        name: 'actionlint',
        outcome: 'skipped',
        detail: expect.stringMatching(/^actionlint 1\.0\.0, not 1\.7\.12\. Run: go install /),
      },
      { name: 'hadolint', outcome: 'skipped', detail: expect.stringMatching(/^not installed/) },
    ]);
  });

  it('shows what a judge finds', () => {
    for (const { name, version } of JUDGES) install(name, version, name === 'zizmor' ? 13 : 0);
    expect(verdicts().map(({ outcome, detail }) => [outcome, detail])).toEqual([
      ['failed', 'line 3: a finding'],
      ['passed', ''],
      ['passed', ''],
    ]);
  });

  it('runs at GitHub the versions that it asks for, by their checksums', () => {
    const pinned = readFileSync(join(REPOSITORY, '.github/judges/requirements.txt'), 'utf8');
    const workflow = automation.workflows.find(({ name }) => name === 'ci')?.text;
    for (const { install } of JUDGES) {
      const [, tool = '', what = ''] = /^(pip|go) install (.*)$/.exec(install) ?? [];
      if (tool === 'pip') expect(pinned).toMatch(new RegExp(`^${what} --hash=sha256:[0-9a-f]{64}$`, 'm'));
      else expect(workflow).toContain(`go install ${what}\n`);
    }
  });
});

it('main asks for a review, and for the jobs of ci that run on every pull request', () => {
  const ruleset = JSON.parse(readFileSync(join(REPOSITORY, '.github', 'main-ruleset.json'), 'utf8')) as {
    enforcement: string;
    rules: {
      type: string;
      parameters?: {
        required_status_checks?: { context: string }[];
        required_approving_review_count?: number;
      };
    }[];
  };
  const of = (type: string) => ruleset.rules.find((rule) => rule.type === type)?.parameters;
  const jobs = automation.workflows.find(({ name }) => name === 'ci')?.jobs ?? {};
  const required = of('required_status_checks')?.required_status_checks?.map(({ context }) => context) ?? [];
  expect(required.filter((id) => !(id in jobs))).toEqual([]);
  expect(required).toEqual(expect.arrayContaining(Object.keys(jobs).filter((id) => !jobs[id]?.if)));
  expect(of('pull_request')?.required_approving_review_count).toBe(1);
  expect(ruleset).toMatchObject({
    enforcement: 'active',
    conditions: { ref_name: { include: ['~DEFAULT_BRANCH'] } },
  });
});

it('a new release waits a week, whether a person or Dependabot asks for it', () => {
  const read = (file: string) => parse(readFileSync(join(REPOSITORY, file), 'utf8'));
  const { minimumReleaseAge, minimumReleaseAgeExclude } = read('pnpm-workspace.yaml');
  expect({ minimumReleaseAge, minimumReleaseAgeExclude }).toEqual({ minimumReleaseAge: 7 * 24 * 60 });
  const { updates } = read('.github/dependabot.yml') as { updates: { cooldown: Record<string, number> }[] };
  expect(updates.map(({ cooldown }) => cooldown['default-days'])).toEqual([7, 7, 7, 7]);
  expect(readFileSync(join(REPOSITORY, 'SECURITY.md'), 'utf8')).toContain('New releases wait a week');
});
