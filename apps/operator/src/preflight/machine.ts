import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isObject, REPOSITORY } from '@records/stack';
import { supportProblems } from '../base-images.ts';
import type { Ask } from './ask.ts';
import { type Finding, missing, note, ready, unknown } from './finding.ts';

/** The oldest Node of the README. */
const OLDEST_NODE = 20;

export interface Machine {
  readonly ask: Ask;
  readonly environment: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
}

const INSTALL: Readonly<Record<string, readonly [linux: string, mac: string, windows: string]>> = {
  git: ['sudo apt install git', 'brew install git', 'winget install Git.Git'],
  gh: ['sudo apt install gh', 'brew install gh', 'winget install GitHub.cli'],
  gcloud: [
    'sudo snap install google-cloud-cli --classic',
    'brew install --cask google-cloud-sdk',
    'winget install Google.CloudSDK',
  ],
  docker: [
    'sudo apt install docker.io docker-buildx',
    'brew install --cask docker-desktop',
    'winget install Docker.DockerDesktop',
  ],
};

export function installOf(program: string, platform: NodeJS.Platform): string {
  const [linux = '', mac, windows] = INSTALL[program] ?? [];
  return (platform === 'darwin' ? mac : platform === 'win32' ? windows : linux) ?? linux;
}

/** What the machine itself must have. */
export async function machineFindings(machine: Machine): Promise<Finding[]> {
  return await Promise.all([
    nodeOf(machine),
    pnpmOf(machine),
    gitOf(machine),
    pulumiOf(machine),
    dockerOf(machine),
    buildxOf(machine),
    basesOf(new Date()),
  ]);
}

function basesOf(now: Date): Finding {
  const dockerfile = readFileSync(join(REPOSITORY, 'apps', 'api', 'Dockerfile'), 'utf8');
  const [problem] = supportProblems(dockerfile, now);
  if (problem === undefined) return ready('image', 'its bases get security updates');
  return missing('image', problem, 'git pull');
}

async function nodeOf({ ask }: Machine): Promise<Finding> {
  const name = 'Node';
  const { kind, text } = await ask('node', ['--version']);
  const [, major = '0'] = /^v(\d+)\./.exec(text) ?? [];
  if (kind === 'said' && Number(major) >= OLDEST_NODE) return ready(name, text.slice(1));
  const found = kind === 'said' ? `${text.slice(1)} is too old` : text;
  return missing(name, `${found}; ${OLDEST_NODE} or newer is needed`, 'https://nodejs.org/en/download');
}

async function pnpmOf({ ask }: Machine): Promise<Finding> {
  const name = 'pnpm';
  const manifest = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
    packageManager: string;
  };
  const [major] = /\d+/.exec(manifest.packageManager) ?? [];
  const { kind, text } = await ask('pnpm', ['--version']);
  if (kind === 'said' && text.startsWith(`${major}.`)) return ready(name, text);
  const found = kind === 'said' ? `is ${text}` : 'not installed';
  return note(
    name,
    `${found}: type npx --yes ${manifest.packageManager} for it, or install it`,
    `npm install --global ${manifest.packageManager}`,
  );
}

async function gitOf({ ask, platform }: Machine): Promise<Finding> {
  const { kind, text } = await ask('git', ['--version']);
  if (kind === 'said') return ready('git', text.replace('git version ', ''));
  return missing('git', `${text}; it names the commit of an image`, installOf('git', platform));
}

async function pulumiOf({ environment, platform }: Machine): Promise<Finding> {
  const name = 'Pulumi';
  const manifest = join(REPOSITORY, 'infra', 'node_modules', 'pulumi', 'package.json');
  const fix = 'pnpm pulumi version';
  if (!existsSync(manifest)) return missing(name, 'the dependencies are not installed', 'pnpm install');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const home = environment.PULUMI_HOME || join(homeOf(environment), '.pulumi');
  const program = platform === 'win32' ? 'pulumi.exe' : 'pulumi';
  if (existsSync(join(home, 'versions', version, 'bin', program))) return ready(name, version);
  return note(name, `${version} is downloaded when pnpm pulumi first runs`, fix);
}

async function dockerOf({ ask, platform }: Machine): Promise<Finding> {
  const name = 'Docker';
  const { kind, text } = await ask('docker', ['version', '--format', '{{.Server.Version}}']);
  if (kind === 'said') return ready(name, text);
  if (kind === 'absent') return missing(name, text, installOf('docker', platform));
  return missing(name, text, platform === 'linux' ? 'sudo systemctl start docker' : 'start Docker Desktop');
}

async function buildxOf({ ask, platform }: Machine): Promise<Finding> {
  const { kind, text } = await ask('docker', ['buildx', 'version']);
  if (kind === 'said') return ready('buildx', text.split(' ')[1] ?? text);
  return missing('buildx', kind === 'absent' ? text : 'Docker has no buildx', installOf('docker', platform));
}

/** How this machine signs in to Google Cloud. */
export interface SignedIn {
  readonly findings: readonly Finding[];
  readonly gcloud: boolean;
}

export async function googleAccount(
  { ask, environment, platform }: Machine,
  project: string | undefined,
): Promise<SignedIn> {
  const list = ['auth', 'list', '--filter=status:ACTIVE', '--format=value(account)'];
  const { kind, text } = await ask('gcloud', list);
  const gcloud = kind === 'said' && text !== '';
  const signedIn =
    kind === 'absent'
      ? missing('gcloud', text, installOf('gcloud', platform))
      : kind === 'said'
        ? gcloud
          ? ready('gcloud', `signed in as ${text}`)
          : missing('gcloud', 'installed, and signed in as nobody', 'gcloud auth login')
        : unknown('gcloud', text);
  return { findings: [signedIn, credentialsOf(environment, project)], gcloud };
}

/** https://docs.cloud.google.com/docs/authentication/application-default-credentials */
function credentialsOf(environment: NodeJS.ProcessEnv, project: string | undefined): Finding {
  const name = 'credentials';
  const file =
    environment.GOOGLE_APPLICATION_CREDENTIALS ||
    join(
      environment.CLOUDSDK_CONFIG ||
        (environment.APPDATA
          ? join(environment.APPDATA, 'gcloud')
          : join(homeOf(environment), '.config', 'gcloud')),
      'application_default_credentials.json',
    );
  const login = 'gcloud auth application-default login';
  if (!existsSync(file)) return missing(name, 'Pulumi and the seeder have no credentials', login);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return missing(name, `${file} holds no JSON`, login);
  }
  if (!isObject(content)) return missing(name, `${file} holds no credentials`, login);
  if (content.type === 'service_account') return ready(name, `of ${String(content.client_email)}`);
  const quota = environment.GOOGLE_CLOUD_QUOTA_PROJECT || content.quota_project_id;
  const fix = `export GOOGLE_CLOUD_QUOTA_PROJECT=${project ?? 'PROJECT'}`;
  if (!quota)
    return missing(name, 'name no quota project, so the key for secrets is asked as another one', fix);
  if (project !== undefined && quota !== project) {
    return missing(name, `have the quota project ${String(quota)}, not ${project}`, fix);
  }
  return ready(name, `with the quota project ${String(quota)}`);
}

export function homeOf(environment: NodeJS.ProcessEnv): string {
  return environment.HOME || environment.USERPROFILE || homedir();
}
