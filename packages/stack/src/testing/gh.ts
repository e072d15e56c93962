import { readFileSync } from 'node:fs';
import { type Call, Refusal } from './call.ts';
import type { Repository, World } from './world.ts';

/** Answers what GitHub's command line prints. Throws Refusal with its words. */
export function gh(world: World, { command, positionals, flags }: Call): string {
  if (command === 'auth login') {
    world.gh.account = 'you';
    return '';
  }
  if (world.gh.account === undefined) {
    throw new Refusal('You are not logged into any GitHub hosts. Run gh auth login to authenticate.');
  }
  if (command === 'auth status') return 'github.com: logged in';
  if (command === 'variable set') {
    const repository = repositoryOf(world, flags['--repo']?.[0] ?? '');
    const [name = ''] = positionals;
    const body = flags['--body']?.[0];
    if (!body) throw new Refusal(`gh: the value of ${name} is empty`);
    repository.variables[name] = body;
    return '';
  }
  if (command !== 'api') throw new Refusal(`gh: the stand-in does not know ${command}`);
  const fields = [...(flags['-F'] ?? []), ...(flags['-f'] ?? [])];
  const [file] = flags['--input'] ?? [];
  const body = file === undefined ? {} : (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>);
  const method = flags['--method']?.[0] ?? (fields.length > 0 ? 'POST' : 'GET');
  const answer = api(world, `${method} ${positionals[0] ?? ''}`, fields, body);
  const [query] = flags['--jq'] ?? [];
  if (query === undefined) return JSON.stringify(answer);
  return String(
    query
      .split('.')
      .reduce<unknown>((value, key) => (key ? (value as Record<string, unknown>)[key] : value), answer),
  );
}

function api(
  world: World,
  request: string,
  fields: readonly string[],
  body: Record<string, unknown>,
): unknown {
  if (request === 'GET user') return { id: 7, login: world.gh.account };
  const [, method = '', name = '', path = ''] = /^(\w+) repos\/([^/]+\/[^/]+)\/?(.*)$/.exec(request) ?? [];
  const repository = repositoryOf(world, name);
  const { environments, rules } = repository;
  const [, environment = ''] = /^environments\/(\w+)/.exec(path) ?? [];
  switch (`${method} ${path.replace(environment || '(none)', '*')}`) {
    case 'GET ':
      return { id: repository.id, private: repository.private, owner: { id: repository.ownerId } };
    case 'GET rules/branches/main':
      return rules;
    case 'GET branches/main/protection':
      throw new Refusal('gh: Branch not protected (HTTP 404)');
    case 'GET environments':
      return {
        environments: Object.entries(environments).map(([key, { hasPolicy, reviewers }]) => ({
          name: key,
          deployment_branch_policy: hasPolicy ? { custom_branch_policies: true } : null,
          protection_rules: reviewers.length > 0 ? [{ type: 'required_reviewers' }] : [],
        })),
      };
    case 'GET actions/variables/ENTERPRISE':
      if (repository.variables.ENTERPRISE === undefined) throw new Refusal('gh: Not Found (HTTP 404)');
      return { value: repository.variables.ENTERPRISE };
    case 'POST rulesets':
      rules.push(...((body.rules ?? []) as { type: string }[]));
      return {};
    case 'PUT environments/*': {
      const asks = fields.filter((field) => field.startsWith('reviewers[][id]='));
      if (asks.length > 0 && repository.private && repository.variables.ENTERPRISE !== 'true') {
        throw new Refusal('gh: Failed to create the environment protection rule. (HTTP 422)');
      }
      environments[environment] = {
        branches: environments[environment]?.branches ?? [],
        hasPolicy: fields.includes('deployment_branch_policy[custom_branch_policies]=true'),
        reviewers: asks,
      };
      return {};
    }
    case 'POST environments/*/deployment-branch-policies':
      if (!environments[environment]?.hasPolicy) throw new Refusal('gh: Not Found (HTTP 404)');
      environments[environment].branches.push(...fields.map((field) => field.replace('name=', '')));
      return {};
    default:
      throw new Refusal(`gh: Not Found (HTTP 404): ${request}`);
  }
}

function repositoryOf(world: World, name: string): Repository {
  const repository = world.gh.repositories[name];
  if (!repository) throw new Refusal('gh: Not Found (HTTP 404)');
  return repository;
}
