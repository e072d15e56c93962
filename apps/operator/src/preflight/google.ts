import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { servicesOf } from '@records/infra/services';
import { isObject } from '@records/stack';
import type { Answer, Ask } from './ask.ts';
import { type Finding, missing, note, ready, unknown } from './finding.ts';
import { homeOf } from './machine.ts';

export interface Place {
  readonly ask: Ask;
  readonly environment: NodeJS.ProcessEnv;
  readonly project: string;
  readonly region: string;
  /** Whether the stack is behind a load balancer. */
  readonly loadBalancer: boolean;
}

const GITHUB = 'https://token.actions.githubusercontent.com';
/** gcloud's commands that list the regions of a service. */
const REGIONS: Readonly<Record<string, readonly string[]>> = {
  run: ['run', 'regions', 'list', '--format=value(locationId)'],
  artifactregistry: ['artifacts', 'locations', 'list', '--format=value(name)'],
  cloudkms: ['kms', 'locations', 'list', '--format=value(locationId)'],
};

/** What the Google Cloud project must have. */
export async function googleFindings(place: Place): Promise<Finding[]> {
  const { ask, project } = place;
  const described = await ask('gcloud', ['projects', 'describe', project, '--format=json']);
  const about = jsonOf(described);
  if (!isObject(about)) {
    const create = `gcloud projects create ${project}`;
    return [
      described.kind === 'silent'
        ? unknown('project', described.text)
        : missing('project', `${project} does not exist, or this account may not see it`, create),
    ];
  }
  const state = String(about.lifecycleState);
  if (state !== 'ACTIVE') {
    const undelete = `gcloud projects undelete ${project}`;
    return [missing('project', `${project} is in the state ${state}`, undelete)];
  }
  const [billing, { finding: services, enabled }] = await Promise.all([
    billingOf(place),
    enabledServices(place),
  ]);
  return [
    ready('project', `${project}, number ${String(about.projectNumber)}`),
    billing,
    services,
    ...(
      await Promise.all([
        regionOf(place, enabled),
        isObject(about.parent) ? policiesOf(place, enabled) : [ready('policies', 'no organisation sets any')],
        registryOf(place, enabled),
        dockerLogin(place),
        stateOf(place),
      ])
    ).flat(),
  ];
}

async function billingOf({ ask, project }: Place): Promise<Finding> {
  const answer = await ask('gcloud', ['billing', 'projects', 'describe', project, '--format=json']);
  const about = jsonOf(answer);
  if (!isObject(about)) return unknown('billing', answer.text);
  if (about.billingEnabled === true) return ready('billing', String(about.billingAccountName));
  const link = `gcloud billing projects link ${project} --billing-account BILLING-ACCOUNT`;
  return missing('billing', 'no billing account pays for the project', link);
}

async function enabledServices({ ask, project, loadBalancer }: Place) {
  const list = ['services', 'list', '--enabled', `--project=${project}`, '--format=value(config.name)'];
  const answer = await ask('gcloud', list);
  if (answer.kind !== 'said') return { finding: unknown('services', answer.text), enabled: [] };
  const enabled = answer.text.split('\n').map((name) => name.replace('.googleapis.com', ''));
  // infra/bootstrap enables the others through these two.
  const first = ['serviceusage', 'cloudresourcemanager'].filter((name) => !enabled.includes(name));
  const later = servicesOf(loadBalancer).filter((name) => !enabled.includes(name));
  const enable = `gcloud services enable ${first.map((name) => `${name}.googleapis.com`).join(' ')} --project ${project}`;
  const finding =
    first.length > 0
      ? missing('services', `${first.join(' and ')} not enabled`, enable)
      : later.length > 0
        ? note('services', `infra/bootstrap enables ${later.length} more: ${later.join(', ')}`)
        : ready('services', `${servicesOf(loadBalancer).length} enabled`);
  return { finding, enabled };
}

async function regionOf({ ask, project, region }: Place, enabled: readonly string[]): Promise<Finding> {
  const services = Object.keys(REGIONS).filter((service) => enabled.includes(service));
  if (services.length === 0) {
    return unknown('region', `${region} is not asked for before infra/bootstrap has enabled the services`);
  }
  const answers = await Promise.all(
    services.map((service) => ask('gcloud', [...(REGIONS[service] ?? []), `--project=${project}`])),
  );
  const mute = answers.find(({ kind }) => kind !== 'said');
  if (mute) return unknown('region', mute.text);
  const without = services.filter((_, index) => !answers[index]?.text.split('\n').includes(region));
  if (without.length === 0) return ready('region', `${region} has ${services.join(', ')}`);
  const fix = 'pnpm pulumi config set -s STACK gcp:region REGION';
  return missing('region', `${region} has no ${without.join(', ')}`, fix);
}

/** An organisation's constraint, and what it means here. */
interface Constraint {
  readonly id: string;
  /** Undefined when it allows what the program declares. */
  judge(policy: Policy, place: Place): Finding | undefined;
}

interface Policy {
  readonly enforced: boolean;
  /** Undefined when every value is allowed. */
  readonly allowed: readonly string[] | undefined;
  readonly denied: readonly string[];
}

const CONSTRAINTS: readonly Constraint[] = [
  {
    id: 'iam.allowedPolicyMemberDomains',
    judge: ({ allowed }, { project }) =>
      allowed &&
      note(
        'members',
        `only members of ${allowed.join(', ')} may be in invokers, publishers, analysts and imageReaders; a public API works, because it grants nothing to allUsers`,
        `gcloud resource-manager org-policies describe iam.allowedPolicyMemberDomains --effective --project ${project}`,
      ),
  },
  {
    id: 'gcp.resourceLocations',
    judge: (policy, { region, project }) =>
      allows(policy, (value) => covers(value, region))
        ? undefined
        : missing(
            'locations',
            `nothing may be made in ${region}`,
            `gcloud resource-manager org-policies allow gcp.resourceLocations in:${region}-locations --project ${project}`,
          ),
  },
  {
    id: 'gcp.restrictServiceUsage',
    judge(policy, { project, loadBalancer }) {
      const refused = servicesOf(loadBalancer)
        .map((name) => `${name}.googleapis.com`)
        .filter((name) => !allows(policy, (value) => value === name));
      if (refused.length === 0) return undefined;
      const fix = `gcloud resource-manager org-policies allow gcp.restrictServiceUsage ${refused.join(' ')} --project ${project}`;
      return missing('service usage', `${refused.join(', ')} may not be used`, fix);
    },
  },
  {
    id: 'iam.workloadIdentityPoolProviders',
    judge: (policy, { project }) =>
      allows(policy, (value) => value === GITHUB)
        ? undefined
        : missing(
            'federation',
            'workflows of GitHub may not sign in',
            `gcloud resource-manager org-policies allow iam.workloadIdentityPoolProviders ${GITHUB} --project ${project}`,
          ),
  },
  {
    id: 'iam.disableServiceAccountCreation',
    judge: ({ enforced }, { project }) =>
      enforced
        ? missing(
            'accounts',
            'no service account may be made',
            `gcloud resource-manager org-policies disable-enforce iam.disableServiceAccountCreation --project ${project}`,
          )
        : undefined,
  },
  {
    id: 'run.allowedIngress',
    judge: (policy, { project, loadBalancer }) => {
      const ingress = loadBalancer ? 'internal-and-cloud-load-balancing' : 'all';
      return allows(policy, (value) => value === ingress)
        ? undefined
        : missing(
            'ingress',
            `Cloud Run may not be reached with the ingress ${ingress}`,
            `gcloud resource-manager org-policies allow run.allowedIngress ${ingress} --project ${project}`,
          );
    },
  },
];

async function policiesOf(place: Place, enabled: readonly string[]): Promise<Finding[]> {
  const found = await Promise.all(
    CONSTRAINTS.map(async (constraint) => {
      const { id } = constraint;
      const describe = ['resource-manager', 'org-policies', 'describe', id, '--effective'];
      const answer = await place.ask('gcloud', [...describe, `--project=${place.project}`, '--format=json']);
      const policy = policyOf(jsonOf(answer));
      return policy ? constraint.judge(policy, place) : unknown('policies', `${id}: ${answer.text}`);
    }),
  );
  const findings = [...found, await invokerCheckOf(place, enabled)].filter((one) => one !== undefined);
  const isQuiet = findings.length === 0;
  return isQuiet
    ? [ready('policies', `${CONSTRAINTS.length + 1} of the organisation allow the stack`)]
    : findings;
}

/** A public API has its invoker check off, which this constraint forbids. */
async function invokerCheckOf(
  { ask, project }: Place,
  enabled: readonly string[],
): Promise<Finding | undefined> {
  const id = 'run.managed.requireInvokerIam';
  if (!enabled.includes('orgpolicy')) {
    const enable = `gcloud services enable orgpolicy.googleapis.com --project ${project}`;
    return unknown('public access', `${id} is not asked for without the service orgpolicy`, enable);
  }
  const describe = ['org-policies', 'describe', id, '--effective', `--project=${project}`, '--format=json'];
  const answer = await ask('gcloud', describe);
  const policy = jsonOf(answer);
  if (!isObject(policy)) return unknown('public access', `${id}: ${answer.text}`);
  const { rules = [] } = (policy.spec ?? {}) as {
    readonly rules?: readonly { readonly enforce?: boolean }[];
  };
  if (!rules.some(({ enforce }) => enforce)) return undefined;
  return note(
    'public access',
    'the organisation refuses access public and load-balancer: only private works',
    'pnpm pulumi config set -s STACK access private',
  );
}

/** https://docs.cloud.google.com/resource-manager/reference/rest/v1/Policy */
function policyOf(value: unknown): Policy | undefined {
  if (!isObject(value)) return undefined;
  const { booleanPolicy, listPolicy } = value as {
    readonly booleanPolicy?: { readonly enforced?: boolean };
    readonly listPolicy?: {
      readonly allValues?: string;
      readonly allowedValues?: readonly string[];
      readonly deniedValues?: readonly string[];
    };
  };
  const { allValues, allowedValues, deniedValues = [] } = listPolicy ?? {};
  const none = allValues === 'DENY' ? [] : undefined;
  return { enforced: booleanPolicy?.enforced === true, allowed: allowedValues ?? none, denied: deniedValues };
}

function allows({ allowed, denied }: Policy, matches: (value: string) => boolean): boolean {
  return (allowed === undefined || allowed.some(matches)) && !denied.some(matches);
}

/** `in:southamerica-west1-locations` and `in:southamerica-locations` cover southamerica-west1, as its own name does. */
function covers(value: string, region: string): boolean {
  const [, group] = /^in:(.+)-locations$/.exec(value) ?? [];
  return value === region || (group !== undefined && (region === group || region.startsWith(`${group}-`)));
}

async function registryOf({ ask, project, region }: Place, enabled: readonly string[]): Promise<Finding> {
  const later = 'pnpm pulumi --cwd bootstrap up -s STACK';
  if (!enabled.includes('artifactregistry')) return note('registry', 'infra/bootstrap makes it', later);
  const describe = ['artifacts', 'repositories', 'describe', 'records', `--location=${region}`];
  const answer = await ask('gcloud', [...describe, `--project=${project}`, '--format=json']);
  const about = jsonOf(answer);
  if (isObject(about)) return ready('registry', String(about.name));
  if (answer.kind === 'refused' && answer.text.includes('NOT_FOUND')) {
    return note('registry', 'infra/bootstrap makes it', later);
  }
  return unknown('registry', answer.text);
}

/** Whether Docker asks gcloud for its password. https://docs.docker.com/reference/cli/docker/login/#credential-helpers */
function dockerLogin({ environment, region }: Place): Finding {
  const host = `${region}-docker.pkg.dev`;
  const configure = `gcloud auth configure-docker ${host}`;
  const file = join(environment.DOCKER_CONFIG || join(homeOf(environment), '.docker'), 'config.json');
  if (!existsSync(file)) return missing('docker login', `Docker may not push to ${host}`, configure);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return missing('docker login', `${file} holds no JSON`, configure);
  }
  const { credHelpers } = (isObject(content) ? content : {}) as { readonly credHelpers?: object };
  if (credHelpers && host in credHelpers) return ready('docker login', `to ${host} by gcloud`);
  return missing('docker login', `Docker may not push to ${host}`, configure);
}

async function stateOf({ ask, project }: Place): Promise<Finding> {
  const bucket = `gs://${project}-pulumi-state`;
  const describe = ['storage', 'buckets', 'describe', bucket, `--project=${project}`, '--format=value(name)'];
  const { kind, text } = await ask('gcloud', describe);
  if (kind === 'said') return ready('state', `export PULUMI_BACKEND_URL=${bucket}`);
  if (kind === 'refused' && /not found|404/i.test(text)) {
    return note('state', `infra/bootstrap makes ${bucket}`, 'pnpm pulumi --cwd bootstrap up -s STACK');
  }
  return unknown('state', text);
}

function jsonOf({ kind, text }: Answer): unknown {
  if (kind !== 'said') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
