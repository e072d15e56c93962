import { REPOSITORY } from '@records/stack';
import { type Finding, note, unknown } from './finding.ts';
import { githubAccount, githubFindings, repositoryOf } from './github.ts';
import { googleFindings } from './google.ts';
import { googleAccount, type Machine, machineFindings } from './machine.ts';

export interface Subject {
  readonly project?: string | undefined;
  readonly region: string;
  readonly loadBalancer: boolean;
  /** `OWNER/NAME` */
  readonly repository?: string | undefined;
}

export interface Part {
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** Asks for everything that a first deployment needs, and changes nothing. Never throws. */
export async function preflight(machine: Machine, subject: Subject): Promise<Part[]> {
  const [own, google, github] = await Promise.all([
    machineFindings(machine),
    googlePart(machine, subject),
    githubPart(machine, subject),
  ]);
  return [
    { title: 'This machine', findings: own },
    { title: 'Google Cloud', findings: google },
    { title: 'GitHub', findings: github },
  ];
}

async function googlePart(machine: Machine, subject: Subject): Promise<Finding[]> {
  const { project, region, loadBalancer } = subject;
  const { findings, gcloud } = await googleAccount(machine, project);
  const { ask, environment } = machine;
  if (project === undefined) {
    return [...findings, unknown('project', 'not named', 'pnpm ops preflight --project PROJECT')];
  }
  if (!gcloud)
    return [...findings, unknown('project', `${project} is not asked for before gcloud is signed in`)];
  return [...findings, ...(await googleFindings({ ask, environment, project, region, loadBalancer }))];
}

async function githubPart(machine: Machine, subject: Subject): Promise<Finding[]> {
  const account = await githubAccount(machine);
  const repository = subject.repository ?? (await repositoryOf(machine.ask, REPOSITORY));
  if (repository === undefined) {
    const name = 'pnpm ops preflight --repository OWNER/NAME';
    return [
      account,
      note('repository', 'not named, and origin is not at GitHub: nothing deploys by itself', name),
    ];
  }
  if (account.outcome !== 'ready') {
    return [account, unknown('repository', `${repository} is not asked for before gh is signed in`)];
  }
  return [account, ...(await githubFindings(machine.ask, repository))];
}
