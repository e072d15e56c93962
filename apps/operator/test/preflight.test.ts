import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { servicesOf } from '@records/infra/services';
import { REPOSITORY } from '@records/stack';
import { emptyProject, StandIns, type World } from '@records/stack/testing';
import { type Ask, answerOf, askOn } from '../src/preflight/ask.ts';
import type { Finding } from '../src/preflight/finding.ts';
import { type Part, preflight } from '../src/preflight/preflight.ts';

const CLI = join(import.meta.dirname, '..', 'src', 'cli.ts');
const PROJECT = 'example-dev';
const REGION = 'southamerica-west1';
const subject = { project: PROJECT, region: REGION, loadBalancer: false, repository: 'owner/name' };

const INSTALLED: Readonly<Record<string, string>> = {
  ...{ node: 'v20.19.0', pnpm: '12.21.0', git: 'git version 2.43.0' },
};

let standIns: StandIns;

beforeEach(() => {
  standIns = new StandIns(['docker', 'gcloud', 'gh'], ready());
  for (const [name, said] of Object.entries(INSTALLED)) {
    standIns.program(name, `#!/bin/sh\necho '${said}'\n`);
  }
  const write = (path: string, value: object) => {
    mkdirSync(join(standIns.folder, path, '..'), { recursive: true });
    writeFileSync(join(standIns.folder, path), JSON.stringify(value));
  };
  write('.docker/config.json', { credHelpers: { [`${REGION}-docker.pkg.dev`]: 'gcloud' } });
  write('.config/gcloud/application_default_credentials.json', {
    type: 'authorized_user',
    quota_project_id: PROJECT,
  });
});

afterEach(() => standIns[Symbol.dispose]());

/** A project, a repository and a machine that lack nothing. */
function ready(): World {
  const branches = { branches: ['main'], hasPolicy: true };
  return {
    gcloud: {
      account: 'you@example.com',
      billingAccounts: ['0-1-2'],
      projects: {
        [PROJECT]: {
          ...emptyProject('42'),
          organisation: '7',
          billing: '0-1-2',
          services: [...servicesOf(false), 'orgpolicy'],
          repositories: [`${REGION}/records`],
          buckets: [`${PROJECT}-pulumi-state`],
        },
      },
    },
    gh: {
      account: 'you',
      repositories: {
        'owner/name': {
          ...{ id: 2, ownerId: 1, private: false, variables: {} },
          rules: [{ type: 'pull_request' }, { type: 'required_status_checks' }],
          environments: {
            dev: { ...branches, reviewers: [] },
            staging: { ...branches, reviewers: [] },
            prod: { ...branches, reviewers: ['7'] },
          },
        },
      },
    },
    docker: { server: '28.2.2', buildx: true },
    pulumi: {},
  };
}

const environment = () => ({ HOME: standIns.folder, PATH: standIns.folder });

/** Asks the stand-ins in this process. */
const askHere: Ask = async (program, args) => {
  if (program === 'docker' || program === 'gcloud' || program === 'gh') {
    const { status, stdout, stderr } = standIns.run(program, args);
    return answerOf(status, stdout, stderr);
  }
  return { kind: 'said', text: INSTALLED[program] ?? '' };
};

const machine = () => ({ ask: askHere, environment: environment(), platform: 'linux' as const });

const findingsOf = (parts: readonly Part[]): Finding[] => parts.flatMap(({ findings }) => [...findings]);
const missingOf = async (asked: Partial<typeof subject> = {}) =>
  findingsOf(await preflight(machine(), { ...subject, ...asked })).filter(
    ({ outcome }) => outcome === 'missing',
  );

/** Changes the world before the questions. */
function when(change: (world: World) => void): void {
  const { world } = standIns;
  change(world);
  standIns.world = world;
}

// Scripts stand in for the programs, which Windows does not start.
const onPosix = process.platform === 'win32' ? it.skip : it;

describe('pnpm ops preflight', () => {
  onPosix('finds nothing missing where nothing is', async () => {
    const asked = { ...machine(), ask: askOn(environment()) };
    const findings = findingsOf(await preflight(asked, subject));
    // npm brings Pulumi's command line, and it is downloaded when it first runs.
    expect(findings.filter(({ outcome }) => outcome !== 'ready').map(({ name }) => name)).toEqual(['Pulumi']);
    expect(findings.length).toBeGreaterThan(20);
  });

  it('names each missing thing with a command, on a machine where everything is missing', async () => {
    const empty = join(standIns.folder, 'empty');
    mkdirSync(empty);
    const child = spawn(process.execPath, [CLI, 'preflight', '--project', PROJECT], {
      env: { NO_COLOR: '1', PATH: empty, HOME: empty },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    expect(code).toBe(1);
    for (const name of ['Node', 'git', 'Docker', 'buildx', 'gcloud', 'credentials', 'gh']) {
      expect(output).toMatch(new RegExp(`^  ✗ ${name} +\\S.*\\n {10,}\\S`, 'm'));
    }
    expect(output).toContain('? project      example-dev is not asked for before gcloud is signed in');
    expect(output).toMatch(/\n\d+ ready, 7 missing, \d+ to know, 1 not asked or answered\n$/);
  });

  it.each<[string, (world: World) => void, string, string]>([
    ['gcloud signed in', ({ gcloud }) => delete gcloud.account, 'gcloud', 'gcloud auth login'],
    ['gh signed in', ({ gh }) => delete gh.account, 'gh', 'gh auth login'],
    ['a running Docker', ({ docker }) => delete docker.server, 'Docker', 'sudo systemctl start docker'],
    [
      'buildx',
      ({ docker }) => void Object.assign(docker, { buildx: false }),
      'buildx',
      'sudo apt install docker.io docker-buildx',
    ],
    [
      'a project',
      ({ gcloud }) => delete gcloud.projects[PROJECT],
      'project',
      'gcloud projects create example-dev',
    ],
    [
      'billing',
      ({ gcloud }) => delete gcloud.projects[PROJECT]?.billing,
      'billing',
      'gcloud billing projects link example-dev --billing-account BILLING-ACCOUNT',
    ],
    [
      'the first services',
      ({ gcloud }) => void Object.assign(gcloud.projects[PROJECT] ?? {}, { services: ['orgpolicy'] }),
      'services',
      'gcloud services enable serviceusage.googleapis.com cloudresourcemanager.googleapis.com --project example-dev',
    ],
    [
      'a region with the services',
      ({ gcloud }) => void Object.assign(gcloud.projects[PROJECT] ?? {}, { regions: ['us-central1'] }),
      'region',
      'pnpm pulumi config set -s STACK gcp:region REGION',
    ],
    [
      'a protected main',
      ({ gh }) => void Object.assign(gh.repositories['owner/name'] ?? {}, { rules: [] }),
      'main',
      'gh api --method POST repos/owner/name/rulesets --input .github/main-ruleset.json',
    ],
    [
      'an environment',
      ({ gh }) => delete gh.repositories['owner/name']?.environments.staging,
      'environment staging',
      expect.stringMatching(
        /^gh api --method PUT repos\/owner\/name\/environments\/staging /,
      ) as unknown as string,
    ],
    [
      'reviewers of prod',
      ({ gh }) => void gh.repositories['owner/name']?.environments.prod?.reviewers.pop(),
      'environment prod',
      expect.stringContaining("'reviewers[][type]=User'") as unknown as string,
    ],
    [
      'a repository',
      ({ gh }) => delete gh.repositories['owner/name'],
      'repository',
      'gh repo create owner/name --private --source . --push',
    ],
  ])('names the command for %s', async (_, change, name, fix) => {
    when(change);
    expect(await missingOf()).toEqual([expect.objectContaining({ name, fix })]);
  });

  it.each<[string, object, string, string | undefined]>([
    [
      'gcp.resourceLocations',
      { listPolicy: { allowedValues: ['in:us-locations', 'in:eu-locations'] } },
      'missing locations',
      'gcloud resource-manager org-policies allow gcp.resourceLocations in:southamerica-west1-locations --project example-dev',
    ],
    [
      'gcp.resourceLocations',
      { listPolicy: { allowedValues: ['in:southamerica-locations'] } },
      '',
      undefined,
    ],
    ['gcp.resourceLocations', { listPolicy: { allValues: 'ALLOW' } }, '', undefined],
    [
      'iam.allowedPolicyMemberDomains',
      { listPolicy: { allowedValues: ['C0abc'] } },
      'note members',
      expect.stringContaining('org-policies describe') as unknown as string,
    ],
    [
      'gcp.restrictServiceUsage',
      { listPolicy: { deniedValues: ['run.googleapis.com'] } },
      'missing service usage',
      'gcloud resource-manager org-policies allow gcp.restrictServiceUsage run.googleapis.com --project example-dev',
    ],
    [
      'iam.workloadIdentityPoolProviders',
      { listPolicy: { allValues: 'DENY' } },
      'missing federation',
      expect.stringContaining('token.actions.githubusercontent.com') as unknown as string,
    ],
    [
      'iam.disableServiceAccountCreation',
      { booleanPolicy: { enforced: true } },
      'missing accounts',
      expect.stringContaining('disable-enforce') as unknown as string,
    ],
    [
      'run.allowedIngress',
      { listPolicy: { allowedValues: ['internal'] } },
      'missing ingress',
      expect.stringContaining('run.allowedIngress all') as unknown as string,
    ],
    [
      'run.managed.requireInvokerIam',
      { spec: { rules: [{ enforce: true }] } },
      'note public access',
      'pnpm pulumi config set -s STACK access private',
    ],
  ])('says what the policy %s %j means', async (constraint, policy, expected, fix) => {
    when(({ gcloud }) => {
      const { policies = {} } = gcloud.projects[PROJECT] ?? {};
      policies[constraint] = policy;
    });
    const [, google] = await preflight(machine(), subject);
    const found = google?.findings.filter(({ outcome }) => outcome !== 'ready') ?? [];
    expect(found.map(({ outcome, name }) => `${outcome} ${name}`).join()).toBe(expected);
    expect(found[0]?.fix).toEqual(fix);
  });

  it('asks for a quota project of the application-default credentials, and takes the variable for it', async () => {
    const other = { ...subject, project: 'example-prod' };
    const of = async (environment: NodeJS.ProcessEnv) => {
      const all = { ...machine().environment, ...environment };
      const [, google] = await preflight({ ...machine(), environment: all }, other);
      return google?.findings.find(({ name }) => name === 'credentials');
    };
    expect(await of({})).toEqual({
      ...{ name: 'credentials', outcome: 'missing' },
      detail: 'have the quota project example-dev, not example-prod',
      fix: 'export GOOGLE_CLOUD_QUOTA_PROJECT=example-prod',
    });
    expect(await of({ GOOGLE_CLOUD_QUOTA_PROJECT: 'example-prod' })).toMatchObject({ outcome: 'ready' });
  });

  it('tells a private repository without GitHub Enterprise what is left out, and asks it for no reviewers', async () => {
    when(({ gh }) => {
      const repository = gh.repositories['owner/name'];
      Object.assign(repository ?? {}, { private: true });
      repository?.environments.prod?.reviewers.pop();
    });
    const [, , github] = await preflight(machine(), subject);
    expect(github?.findings.filter(({ outcome }) => outcome !== 'ready')).toEqual([
      expect.objectContaining({
        ...{ name: 'plan', outcome: 'note' },
        fix: 'gh variable set ENTERPRISE --body true --repo owner/name',
      }),
      expect.objectContaining({ name: 'environment prod', outcome: 'note' }),
    ]);
  });

  onPosix('says that a program did not answer, and waits no longer than a question may take', async () => {
    // Its own child keeps the pipes open.
    standIns.program('gcloud', '#!/bin/sh\nsleep 60 &\nsleep 60\n');
    const environment = { PATH: `${standIns.folder}:/bin:/usr/bin` };
    expect(await askOn(environment, 300)('gcloud', ['version'])).toEqual({
      ...{ kind: 'silent', text: 'gcloud did not answer within 0.3 s' },
    });
  });

  it('changes nothing, and asks with flags that gcloud, gh and Docker know', async () => {
    const before = standIns.world;
    await preflight(machine(), { ...subject, loadBalancer: true });
    expect(standIns.world).toEqual(before);
    const verbs = standIns.calls.map((call) => call.filter((word) => /^[a-z-]+$/.test(word)).join(' '));
    expect(verbs.length).toBeGreaterThan(20);
    const changing = /\b(create|delete|enable|link|set|add|login|PUT|POST)\b/;
    expect(verbs.filter((verb) => changing.test(verb))).toEqual([]);
  });

  it('finds the repository by the remote origin', async () => {
    const ask: Ask = (program, args) =>
      program === 'git' && args.includes('remote')
        ? Promise.resolve({ kind: 'said', text: 'git@github.com:owner/name.git' })
        : askHere(program, args);
    const [, , github] = await preflight({ ...machine(), ask }, { ...subject, repository: undefined });
    expect(github?.findings[1]?.detail).toBe('owner/name, public');
  });

  it('finds the Pulumi that was downloaded', async () => {
    const infra = join(REPOSITORY, 'infra', 'node_modules', 'pulumi', 'package.json');
    const { version } = (await import(infra, { with: { type: 'json' } })).default as { version: string };
    const bin = join(standIns.folder, '.pulumi', 'versions', version, 'bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(process.execPath, join(bin, 'pulumi'));
    const [own] = await preflight(machine(), subject);
    expect(own?.findings.find(({ name }) => name === 'Pulumi')).toEqual({
      ...{ name: 'Pulumi', outcome: 'ready', detail: version },
    });
  });
});
