import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Call, Refusal } from './call.ts';
import { emptyProject, type Project, type World } from './world.ts';

/** Answers what gcloud prints. Throws Refusal with its words. */
export function gcloud(
  world: World,
  { command, positionals, flags }: Call,
  environment: NodeJS.ProcessEnv,
): string {
  const name = command.replaceAll(' ', '.');
  const refuse = (text: string, code?: number): never => {
    throw new Refusal(`ERROR: (gcloud.${name}) ${text}`, code);
  };
  const required = (flag: string): string =>
    flags[flag]?.[0] ?? refuse(`argument ${flag}: Must be specified.`, 2);
  const [first = ''] = positionals;
  const account = (): string =>
    world.gcloud.account ??
    refuse('You do not currently have an active account selected.\nPlease run:\n\n  $ gcloud auth login\n');
  const projectNamed = (id: string): Project => {
    account();
    const project = world.gcloud.projects[id];
    return project && !project.deleted
      ? project
      : refuse(
          `[${account()}] does not have permission to access projects instance [${id}] (or it may not exist)`,
        );
  };
  const project = (): Project => {
    const id = flags['--project']?.[0];
    return projectNamed(id ?? refuse('The required property [project] is not currently set.'));
  };
  const needs = (service: string): Project => {
    const found = project();
    if (found.services.includes(service)) return found;
    return refuse(
      `PERMISSION_DENIED: ${service}.googleapis.com has not been used in project or it is disabled.`,
    );
  };
  const format = flags['--format']?.[0];
  const json = (value: object): string =>
    format === 'json' ? JSON.stringify(value) : refuse(`the stand-in prints no ${format}`);

  switch (command) {
    case 'auth list':
      return world.gcloud.account ?? '';
    case 'auth login':
      world.gcloud.account = 'you@example.com';
      return `You are now logged in as [${world.gcloud.account}].`;
    case 'auth application-default login':
      write(
        join(environment.HOME ?? '', '.config', 'gcloud', 'application_default_credentials.json'),
        '{"type":"authorized_user"}',
      );
      return 'Credentials saved to file';
    case 'auth print-identity-token':
      return `identity-of-${account()}`;
    case 'auth configure-docker':
      if (!/^[a-z0-9-]+-docker\.pkg\.dev$/.test(first)) refuse(`${first} is not a supported registry`);
      write(
        join(environment.HOME ?? '', '.docker', 'config.json'),
        JSON.stringify({ credHelpers: { [first]: 'gcloud' } }),
      );
      return 'Docker configuration file updated.';
    case 'projects create':
      account();
      if (!/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(first)) refuse(`INVALID_ARGUMENT: project id [${first}]`);
      if (world.gcloud.projects[first]) refuse(`ALREADY_EXISTS: project ${first}`);
      world.gcloud.projects[first] = emptyProject(String(1_000 + Object.keys(world.gcloud.projects).length));
      return `Create in progress for [${first}].`;
    case 'projects describe': {
      const { number, organisation } = projectNamed(first);
      if (format === 'value(projectNumber)') return number;
      const parent = organisation ? { parent: { type: 'organization', id: organisation } } : {};
      return json({ projectId: first, projectNumber: number, lifecycleState: 'ACTIVE', ...parent });
    }
    case 'projects delete':
      projectNamed(first).deleted = true;
      return `Deleted [${first}].`;
    case 'billing projects describe': {
      const { billing } = projectNamed(first);
      return json({
        billingAccountName: billing ? `billingAccounts/${billing}` : '',
        billingEnabled: !!billing,
      });
    }
    case 'billing projects link': {
      const billing = required('--billing-account');
      if (!world.gcloud.billingAccounts.includes(billing)) refuse(`no billing account ${billing}`);
      projectNamed(first).billing = billing;
      return 'billingEnabled: true';
    }
    case 'billing accounts add-iam-policy-binding': {
      if (!world.gcloud.billingAccounts.includes(first)) refuse(`no billing account ${first}`);
      const [member, role] = [required('--member'), required('--role')];
      const [, id = ''] = /@([a-z0-9-]+)\.iam\.gserviceaccount\.com$/.exec(member) ?? [];
      projectNamed(id).bindings.push(`${role} ${member}`);
      return `Updated IAM policy for account [${first}].`;
    }
    case 'services list':
      return project()
        .services.map((service) => `${service}.googleapis.com`)
        .join('\n');
    case 'services enable': {
      const found = project();
      if (!found.billing) refuse('FAILED_PRECONDITION: billing must be enabled');
      const names = positionals.map((service) => service.replace(/\.googleapis\.com$/, ''));
      found.services = [...new Set([...found.services, ...names])];
      return 'Operation finished successfully.';
    }
    case 'run regions list':
      return needs('run').regions.join('\n');
    case 'artifacts locations list':
      return needs('artifactregistry').regions.join('\n');
    case 'kms locations list':
      return needs('cloudkms').regions.join('\n');
    case 'artifacts repositories describe': {
      const { repositories } = needs('artifactregistry');
      const path = `${required('--location')}/${first}`;
      return repositories.includes(path)
        ? json({ name: path })
        : refuse('NOT_FOUND: Requested entity was not found.');
    }
    case 'resource-manager org-policies describe':
      return json({ constraint: `constraints/${first}`, ...project().policies[first] });
    case 'org-policies describe':
      return json({ name: first, ...needs('orgpolicy').policies[first] });
    case 'storage buckets describe': {
      const bucket = first.replace('gs://', '');
      return project().buckets.includes(bucket) ? bucket : refuse(`gs://${bucket} not found: 404.`);
    }
    default:
      return refuse('the stand-in does not know what this does');
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
