import { isObject } from '@records/stack';
import type { Ask } from './ask.ts';
import { type Finding, missing, note, ready, unknown } from './finding.ts';
import { installOf, type Machine } from './machine.ts';

const STACKS = ['dev', 'staging', 'prod'];

/** `OWNER/NAME` of the remote `origin`; undefined when it is not at GitHub. */
export async function repositoryOf(ask: Ask, folder: string): Promise<string | undefined> {
  const { kind, text } = await ask('git', ['-C', folder, 'remote', 'get-url', 'origin']);
  if (kind !== 'said') return undefined;
  return /github\.com[:/]([\w.-]+\/[\w.-]+?)(?:\.git)?$/.exec(text)?.[1];
}

export async function githubAccount({ ask, platform }: Machine): Promise<Finding> {
  const { kind, text } = await ask('gh', ['auth', 'status', '--hostname', 'github.com']);
  if (kind === 'said') return ready('gh', 'signed in');
  if (kind === 'absent') return missing('gh', text, installOf('gh', platform));
  return kind === 'silent' ? unknown('gh', text) : missing('gh', 'signed in as nobody', 'gh auth login');
}

/** What the repository at GitHub must have. */
export async function githubFindings(ask: Ask, repository: string): Promise<Finding[]> {
  const get = async (path: string): Promise<unknown> => {
    const { kind, text } = await ask('gh', ['api', path]);
    if (kind !== 'said') return new Error(text);
    try {
      return JSON.parse(text);
    } catch {
      return new Error(`GitHub did not answer ${path} in JSON`);
    }
  };
  const about = await get(`repos/${repository}`);
  if (about instanceof Error || !isObject(about)) {
    const create = `gh repo create ${repository} --private --source . --push`;
    return [missing('repository', `${repository}: ${reasonOf(about)}`, create)];
  }
  const isPrivate = about.private === true;
  const [rules, protection, environments, variable] = await Promise.all([
    get(`repos/${repository}/rules/branches/main`),
    get(`repos/${repository}/branches/main/protection`),
    get(`repos/${repository}/environments`),
    get(`repos/${repository}/actions/variables/ENTERPRISE`),
  ]);
  const isEnterprise = isObject(variable) && variable.value === 'true';
  return [
    ready('repository', `${repository}, ${isPrivate ? 'private' : 'public'}`),
    planOf(repository, isPrivate, isEnterprise),
    protectionOf(repository, rules, protection),
    ...environmentsOf(repository, environments, !isPrivate || isEnterprise),
  ];
}

/** https://docs.github.com/en/get-started/learning-about-github/githubs-plans */
function planOf(repository: string, isPrivate: boolean, isEnterprise: boolean): Finding {
  if (!isPrivate) return ready('plan', 'public: images are signed, and prod asks its reviewers');
  if (isEnterprise) return ready('plan', 'private, with GitHub Enterprise: ENTERPRISE is true');
  return note(
    'plan',
    'private without GitHub Enterprise: images are not signed, dependencies not reviewed, and prod is deployed by hand. With Enterprise, say so',
    `gh variable set ENTERPRISE --body true --repo ${repository}`,
  );
}

function protectionOf(repository: string, rules: unknown, protection: unknown): Finding {
  const types = Array.isArray(rules) ? rules.map((rule) => (isObject(rule) ? rule.type : '')) : [];
  const classic = isObject(protection) && !(protection instanceof Error) ? protection : {};
  const asksReview = types.includes('pull_request') || 'required_pull_request_reviews' in classic;
  const asksChecks = types.includes('required_status_checks') || 'required_status_checks' in classic;
  if (asksReview && asksChecks) return ready('main', 'takes only reviewed pull requests that passed');
  if (rules instanceof Error && protection instanceof Error && !/404|403/.test(rules.message)) {
    return unknown('main', rules.message);
  }
  const lacks = [...(asksReview ? [] : ['reviewed pull requests']), ...(asksChecks ? [] : ['passed checks'])];
  return missing(
    'main',
    `is deployed, and is not protected: it does not ask for ${lacks.join(' and ')}`,
    `gh api --method POST repos/${repository}/rulesets --input .github/main-ruleset.json`,
  );
}

interface Environment {
  readonly name?: string;
  readonly protection_rules?: readonly { readonly type?: string }[];
  readonly deployment_branch_policy?: object | null;
}

function environmentsOf(repository: string, answer: unknown, hasReviewers: boolean): Finding[] {
  if (answer instanceof Error || !isObject(answer)) return [unknown('environments', reasonOf(answer))];
  const { environments = [] } = answer as { readonly environments?: readonly Environment[] };
  return STACKS.map((name) => {
    const label = `environment ${name}`;
    const environment = environments.find((one) => one.name === name);
    const put = `gh api --method PUT repos/${repository}/environments/${name} -F 'deployment_branch_policy[protected_branches]=false' -F 'deployment_branch_policy[custom_branch_policies]=true' && gh api --method POST repos/${repository}/environments/${name}/deployment-branch-policies -f name=main`;
    if (!environment) return missing(label, 'is not there', put);
    if (!environment.deployment_branch_policy) return missing(label, 'admits every branch', put);
    const asks = environment.protection_rules?.some(({ type }) => type === 'required_reviewers') ?? false;
    if (name !== 'prod' || asks)
      return ready(label, asks ? 'asks its reviewers' : 'admits the named branches');
    if (!hasReviewers)
      return note(label, 'has no reviewers, which this plan lacks: the job prod is left out');
    const reviewer = `gh api --method PUT repos/${repository}/environments/prod -F 'deployment_branch_policy[protected_branches]=false' -F 'deployment_branch_policy[custom_branch_policies]=true' -F 'reviewers[][type]=User' -F "reviewers[][id]=$(gh api user --jq .id)"`;
    return missing(label, 'asks nobody before it deploys', reviewer);
  });
}

function reasonOf(value: unknown): string {
  return value instanceof Error ? value.message : 'GitHub answered something else';
}
