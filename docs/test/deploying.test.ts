import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '@records/stack';
import { StandIns, type World } from '@records/stack/testing';
import { Checkout } from './support/checkout.ts';

const DOCUMENT = readFileSync(join(REPOSITORY, 'docs', 'deploying.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** The commands of a section, block by block. */
function blocksOf(heading: string): string[] {
  const section = DOCUMENT.split(/^## /m).find((one) => one.startsWith(heading)) ?? '';
  const blocks = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  if (blocks.length === 0) throw new Error(`docs/deploying.md has no commands under "${heading}"`);
  return blocks;
}

/** The lines of a block but those. */
const without = (block = '', lines: RegExp): string =>
  block
    .split('\n')
    .filter((line) => !lines.test(line))
    .join('\n');

/** Every block of the document, in its order, as a person follows it. */
function script(): string {
  const [names = '', machine = ''] = blocksOf('2.');
  const [prepare = '', move = ''] = blocksOf('3.');
  const [deploy = ''] = blocksOf('4.');
  const [preflight = ''] = names.match(/^pnpm ops preflight .*$/m) ?? [];
  return [
    names.replace(preflight, `if ${preflight}; then echo "nothing is missing?" >&2; exit 1; fi`),
    ...[machine, prepare, move, deploy],
    ...blocksOf('5.'),
    // "Type `at prod your-records-prod` and repeat steps 2 to 4 without the sign-ins" and the image.
    'at prod your-records-prod',
    without(machine, /auth login|application-default login/),
    ...[prepare, move, without(deploy, /^pnpm ops image/)],
    ...[...blocksOf('6.'), ...blocksOf('7.'), ...blocksOf('8.'), ...blocksOf('10.')],
    ...blocksOf('Taking it down'),
  ]
    .map((block, index) => `echo "block ${index}"\n${block}`)
    .join('\n');
}

const WORLD: World = {
  gcloud: { billingAccounts: ['YOUR-BILLING-ACCOUNT'], projects: {} },
  gh: {
    repositories: {
      'OWNER/NAME': { id: 2002, ownerId: 1001, private: false, rules: [], environments: {}, variables: {} },
    },
  },
  docker: { server: '28.2.2', buildx: true },
  pulumi: {},
};

/** `pnpm pulumi`, with its check of the installation made once: the documents type it fifty times. */
function installedOnce(command = ''): string {
  const [install, run, ...more] = command.split(' && ');
  if (run === undefined || more.length > 0)
    throw new Error(`"${command}" is not an installation and a command`);
  return `{ [ -e ~/installed ] || ${install}; } && touch ~/installed && ${run}`;
}

/** Runs commands in the copy, as a person with the stand-ins on the PATH. */
async function run(commands: string, checkout: Checkout, standIns: StandIns) {
  const { folder } = standIns;
  symlinkSync(process.execPath, join(folder, 'node'));
  // pnpm runs the scripts of package.json, and Pulumi through npm's package as it does.
  const all = Object.entries({ ...scripts, pulumi: installedOnce(scripts.pulumi) });
  const cases = all.map(([name, command]) => `${name}) ${command} "$@" ;;`);
  standIns.program(
    'pnpm',
    `#!/bin/bash
set -e
[ "$1" = --silent ] && shift
if [ "$1" = --version ]; then echo 12.21.0; exit; fi
if [ "$1 $3 $4" = "--dir exec pulumi" ]; then cd "$2"; shift 4; exec node node_modules/pulumi/run.js "$@"; fi
cd "${checkout.folder}"
name=$1; shift
case "$name" in
seed)
  # The seeder needs Google's own Pub/Sub. Its options and its stack can be checked.
  help=$(${scripts.seed} --help)
  for word; do case "$word" in --*) grep -q -e "$word" <<< "$help" ;; esac; done
  [ "$1" = --stack ]; pnpm --silent pulumi stack output topic -s "$2" ;;
${cases.filter((one) => !one.startsWith('seed)')).join('\n')}
*) echo "there is no script $name" >&2; exit 1 ;;
esac
`,
  );
  standIns.program(
    'curl',
    `#!/bin/bash
[ "$1 $2" = "-H Authorization: Bearer identity-of-you@example.com" ] && [[ "$3" =~ ^https://records-api-.*\\.run\\.app/records\\?limit=3$ ]]
`,
  );
  const { version } = JSON.parse(
    readFileSync(join(checkout.folder, 'infra', 'node_modules', 'pulumi', 'package.json'), 'utf8'),
  ) as { version: string };
  const bin = join(folder, '.pulumi', 'versions', version, 'bin');
  mkdirSync(bin, { recursive: true });
  // Each command asks for the version first: a shell answers sooner.
  const pulumi = `#!/bin/sh\n[ "$1" = version ] && exit\nexec ${join(folder, 'pulumi')} "$@"\n`;
  writeFileSync(join(bin, 'pulumi'), pulumi);
  chmodSync(join(bin, 'pulumi'), 0o755);
  const child = spawn('bash', ['--noprofile', '--norc', '-euo', 'pipefail'], {
    cwd: checkout.folder,
    env: {
      ...{ HOME: folder, PATH: `${folder}:/usr/bin:/bin`, NO_COLOR: '1' },
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(folder, 'compiled'),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(commands);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code, stdout, stderr };
}

describe('docs/deploying.md', () => {
  // A person types the commands in bash.
  (process.platform === 'win32' ? it.skip : it)(
    'works when it is followed to the letter, from nothing to two stacks and back',
    async () => {
      using checkout = new Checkout();
      using standIns = new StandIns(['docker', 'gcloud', 'gh', 'pulumi'], WORLD);
      const { code, stdout, stderr } = await run(script(), checkout, standIns);
      expect(code === 0 ? '' : `${stdout.slice(-2_000)}\n${stderr.slice(-2_000)}`).toBe('');

      const { gcloud, gh, pulumi } = standIns.world;
      const { 'your-records-dev': dev, 'your-records-prod': prod } = gcloud.projects;
      expect({ dev: dev?.deleted, prod: prod?.deleted }).toEqual({ dev: undefined, prod: true });
      // Each state is in the bucket of its project, and none is left behind.
      const stacks = Object.entries(pulumi).flatMap(([backend, projects]) =>
        Object.entries(projects).flatMap(([project, named]) =>
          Object.keys(named).map((name) => `${backend} ${project} ${name}`),
        ),
      );
      expect(stacks.sort()).toEqual([
        'gs://your-records-dev-pulumi-state records-bootstrap dev',
        'gs://your-records-dev-pulumi-state records-platform dev',
        'gs://your-records-prod-pulumi-state records-bootstrap prod',
      ]);
      expect(dev?.bindings.filter((binding) => binding.startsWith('pull '))).toEqual([
        `pull serviceAccount:service-${prod?.number}@serverless-robot-prod.iam.gserviceaccount.com`,
        'pull serviceAccount:records-deploy@your-records-prod.iam.gserviceaccount.com',
      ]);
      const repository = gh.repositories['OWNER/NAME'];
      expect(repository?.environments).toEqual({
        dev: { branches: ['main'], hasPolicy: true, reviewers: [] },
        staging: { branches: ['main'], hasPolicy: true, reviewers: [] },
        prod: { branches: ['main'], hasPolicy: true, reviewers: ['reviewers[][id]=7'] },
      });
      expect(repository?.variables).toEqual({
        STATE_URL_DEV: 'gs://your-records-dev-pulumi-state',
        PLAN_PROVIDER_DEV: expect.stringMatching(/providers\/plan$/),
        PLAN_ACCOUNT_DEV: 'records-plan@your-records-dev.iam.gserviceaccount.com',
        DEPLOY_PROVIDER_DEV: expect.stringMatching(/providers\/deploy$/),
        DEPLOY_ACCOUNT_DEV: 'records-deploy@your-records-dev.iam.gserviceaccount.com',
        REGISTRY: 'southamerica-west1-docker.pkg.dev',
      });
    },
    600_000,
  );

  it('selects nothing for other shells: neither a backend of Pulumi nor a project of gcloud', () => {
    const blocks = [...DOCUMENT.matchAll(/^```sh\n(.*?)^```$/gms)].join('\n');
    expect(blocks).not.toMatch(/pulumi login|pulumi stack select|gcloud config set|set-quota-project/);
  });

  it('appends to lists by name, never by index', () => {
    expect(DOCUMENT).not.toMatch(/--path/);
  });
});
