import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type Call, Refusal } from './call.ts';
import type { Stack, World } from './world.ts';

const BOOTSTRAP = 'records-bootstrap';

/** Answers what Pulumi's command line prints. Throws Refusal with its words. */
export function pulumi(world: World, call: Call, environment: NodeJS.ProcessEnv): string {
  const { command, flags, positionals } = call;
  if (command === 'version') return 'v0.0.0';
  const backend = environment.PULUMI_BACKEND_URL;
  if (!backend) refuse('PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions');
  const directory = flags['--cwd']?.[0] ?? '.';
  const { name: project } = parse(readFileSync(join(directory, 'Pulumi.yaml'), 'utf8')) as { name: string };
  const stacks = stacksOf(world, backend, project);
  const named = flags['--stack']?.[0] ?? flags['-s']?.[0] ?? positionals[0] ?? refuse('no stack selected');
  const file = join(directory, `Pulumi.${named}.yaml`);
  if (command === 'stack init') {
    if (stacks[named]) refuse(`stack '${named}' already exists`);
    const [secretsProvider = 'passphrase'] = flags['--secrets-provider'] ?? [];
    askKey(world, secretsProvider, environment);
    stacks[named] = { secretsProvider, outputs: {} };
    return `Created stack '${named}'`;
  }
  const stack = stacks[named] ?? refuse(`no stack named '${named}' found`);
  askKey(world, stack.secretsProvider, environment);
  switch (command) {
    case 'config':
      return JSON.stringify(
        Object.fromEntries(
          Object.entries(settingsOf(file, project)).map(([key, value]) => [
            key,
            typeof value === 'string'
              ? { value, secret: false }
              : { value: JSON.stringify(value), objectValue: value, secret: false },
          ]),
        ),
      );
    case 'config get': {
      const [key = ''] = positionals;
      const value = settingsOf(file, project)[fullKey(key, project)];
      return value === undefined
        ? refuse(`configuration key '${key}' not found for stack '${named}'`)
        : String(value);
    }
    case 'config set': {
      const [key = '', value = ''] = positionals;
      if (value === '') refuse(`the value of ${key} is empty`);
      const [, list, index] = flags['--path'] ? (/^([\w:]+)\[(\d+)\]$/.exec(key) ?? []) : [];
      const settings = settingsOf(file, project);
      if (list !== undefined) {
        const full = fullKey(list, project);
        const items = [...((settings[full] as string[] | undefined) ?? [])];
        if (Number(index) > items.length) refuse(`array index out of bounds`);
        items[Number(index)] = value;
        settings[full] = items;
      } else settings[fullKey(key, project)] = value;
      writeFileSync(file, stringify({ config: settings }));
      return '';
    }
    case 'preview':
      if (flags['--expect-no-changes'] && stack.deployed === undefined)
        refuse('no changes were expected but changes occurred');
      return 'Resources: unchanged';
    case 'up':
      return project === BOOTSTRAP
        ? prepare(world, stack, settingsOf(file, project))
        : deploy(world, stack, named, settingsOf(file, project), environment);
    case 'destroy': {
      const { deletionProtection } = stack.outputs;
      if (deletionProtection !== 'false') refuse(`the table of stack ${named} is protected from deletion`);
      stack.outputs = {};
      return 'Resources: deleted';
    }
    case 'stack rm':
      if (Object.keys(stack.outputs).length > 0 && !flags['--force'])
        refuse(`'${named}' still has resources; removal rejected`);
      delete stacks[named];
      return `Stack '${named}' has been removed!`;
    case 'stack export':
      writeFileSync(join(directory, flags['--file']?.[0] ?? refuse('no file')), JSON.stringify(stack));
      return '';
    case 'stack import': {
      const from = join(directory, flags['--file']?.[0] ?? '');
      if (!existsSync(from)) refuse(`open ${from}: no such file or directory`);
      Object.assign(stack, JSON.parse(readFileSync(from, 'utf8')));
      return 'Import complete.';
    }
    case 'stack output': {
      const [name] = positionals;
      if (name === undefined) return JSON.stringify(stack.outputs);
      const value = stack.outputs[name];
      return value === undefined
        ? refuse(`current stack does not have output property '${name}'`)
        : String(value);
    }
    default:
      return refuse(`the stand-in does not know ${command}`);
  }
}

function refuse(text: string): never {
  throw new Refusal(`error: ${text}`, 255);
}

/** A bucket must exist, and somebody must be signed in. A folder always works. */
function stacksOf(world: World, backend: string, project: string): Record<string, Stack> {
  const [, bucket] = /^gs:\/\/([^/]+)$/.exec(backend) ?? [];
  if (bucket !== undefined) {
    const exists = Object.values(world.gcloud.projects).some(
      ({ buckets, deleted }) => !deleted && buckets.includes(bucket),
    );
    if (world.gcloud.account === undefined) refuse('google: could not find default credentials');
    if (!exists) refuse(`unable to check if bucket ${backend} is accessible: blob (code=NotFound)`);
  } else if (!backend.startsWith('file://')) refuse(`unknown backend ${backend}`);
  world.pulumi[backend] ??= {};
  const projects = world.pulumi[backend];
  projects[project] ??= {};
  return projects[project];
}

/** Cloud KMS answers only a caller whose quota project exists and has it enabled. */
function askKey(
  world: World,
  secretsProvider: string,
  { GOOGLE_CLOUD_QUOTA_PROJECT: quota, PULUMI_CONFIG_PASSPHRASE: passphrase }: NodeJS.ProcessEnv,
): void {
  if (secretsProvider === 'passphrase') {
    if (passphrase !== undefined) return;
    refuse('passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE');
  }
  const [, owner] = /^gcpkms:\/\/projects\/([^/]+)\//.exec(secretsProvider) ?? [];
  if (owner === undefined) refuse(`unknown secrets provider ${secretsProvider}`);
  if (!quota) refuse('cloudkms.googleapis.com requires a quota project, which is not set by default');
  if (!world.gcloud.projects[quota]?.services.includes('cloudkms')) {
    refuse(`Cloud Key Management Service (KMS) API has not been used in project ${quota}`);
  }
}

type Settings = Record<string, unknown>;

/** As `pulumi config` shows them: with the defaults of Pulumi.yaml that name a value. */
function settingsOf(file: string, project: string): Settings {
  const read = (path: string) =>
    existsSync(path)
      ? ((parse(readFileSync(path, 'utf8')) as { config?: Settings } | null)?.config ?? {})
      : {};
  const declared = Object.entries(read(join(file, '..', 'Pulumi.yaml'))).flatMap(([key, value]) => {
    const { default: fallback, value: fixed } = value as { default?: unknown; value?: unknown };
    const given = fixed ?? fallback;
    return given === undefined ? [] : [[fullKey(key, project), Array.isArray(given) ? given : String(given)]];
  });
  const own = Object.entries(read(file)).map(([key, value]) => [
    key,
    Array.isArray(value) ? value : String(value),
  ]);
  return Object.fromEntries([...declared, ...own]);
}

function fullKey(key: string, project: string): string {
  return key.includes(':') ? key : `${project}:${key}`;
}

function need(settings: Settings, key: string): string {
  const value = settings[key];
  return typeof value === 'string' && value !== '' ? value : refuse(`${key} is not set`);
}

function prepare(world: World, stack: Stack, settings: Settings): string {
  const [id, region] = [need(settings, 'gcp:project'), need(settings, 'gcp:region')];
  for (const key of ['githubOwnerId', 'githubRepositoryId']) need(settings, `${BOOTSTRAP}:${key}`);
  const project = world.gcloud.projects[id] ?? refuse(`project ${id} does not exist`);
  for (const service of ['serviceusage', 'cloudresourcemanager']) {
    if (!project.services.includes(service))
      refuse(`${service}.googleapis.com has not been used in project ${id}`);
  }
  const made = ['artifactregistry', 'cloudkms', 'run', 'storage'];
  if (settings[`${BOOTSTRAP}:loadBalancer`] === 'true') made.push('compute');
  project.services = [...new Set([...project.services, ...made])];
  if (!project.buckets.includes(`${id}-pulumi-state`)) project.buckets.push(`${id}-pulumi-state`);
  if (!project.repositories.includes(`${region}/records`)) project.repositories.push(`${region}/records`);
  const readers = (settings[`${BOOTSTRAP}:imageReaders`] as string[] | undefined) ?? [];
  for (const reader of readers) project.bindings.push(`pull ${reader}`);
  const provider = `projects/${project.number}/locations/global/workloadIdentityPools/github/providers`;
  stack.deployed = id;
  stack.outputs = {
    stateUrl: `gs://${id}-pulumi-state`,
    secretsProvider: `gcpkms://projects/${id}/locations/${region}/keyRings/pulumi-state/cryptoKeys/secrets`,
    registryHost: `${region}-docker.pkg.dev`,
    ...{ planProvider: `${provider}/plan`, deployProvider: `${provider}/deploy` },
    planAccount: `records-plan@${id}.iam.gserviceaccount.com`,
    deployAccount: `records-deploy@${id}.iam.gserviceaccount.com`,
  };
  return 'Resources: created';
}

function deploy(
  world: World,
  stack: Stack,
  name: string,
  settings: Settings,
  { DEPLOY_IMAGE: told }: NodeJS.ProcessEnv,
): string {
  const [id, region] = [need(settings, 'gcp:project'), need(settings, 'gcp:region')];
  const image = told ?? stack.outputs.image;
  if (typeof image !== 'string') {
    return refuse(
      `stack ${name} has no image yet: to build and deploy one, run pnpm ops image -s ${name} --up`,
    );
  }
  const [, owner = ''] = /^[^/]+\/([^/]+)\//.exec(image) ?? [];
  const agent = `service-${world.gcloud.projects[id]?.number}@serverless-robot-prod.iam.gserviceaccount.com`;
  const mayPull = world.gcloud.projects[owner]?.bindings.some((binding) => binding.endsWith(agent));
  if (owner !== id && !mayPull)
    refuse(`Google Cloud Run Service Agent must have permission to read the image, ${image}`);
  const access = settings['records-platform:access'];
  if (access === 'load-balancer' && !world.gcloud.projects[id]?.services.includes('compute')) {
    refuse(`Compute Engine API has not been used in project ${id} before or it is disabled`);
  }
  stack.deployed = id;
  stack.outputs = {
    ...{ project: id, region, image },
    apiUrl: `https://records-api-${id}.run.app`,
    topic: `projects/${id}/topics/records`,
    publishers: [],
    table: `${id}.records.records`,
    deadLetterSubscription: `projects/${id}/subscriptions/records-dead-letters`,
    apiKeysSecret: `projects/${id}/secrets/records-api-keys`,
    revision: 'records-api-00001-abc',
    ...(access === 'load-balancer' && { loadBalancerAddress: '203.0.113.10' }),
    // What `destroy` looks at.
    deletionProtection: String(settings['records-platform:deletionProtection']),
  };
  return 'Resources: created';
}
