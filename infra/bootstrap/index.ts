import { readConfig } from './src/config.ts';
import { DeployAccount } from './src/deploy-account.ts';
import { EnabledServices } from './src/enabled-services.ts';
import { GitHubFederation } from './src/github-federation.ts';
import { ImageRegistry } from './src/image-registry.ts';
import { PlanAccount } from './src/plan-account.ts';
import { PulumiState } from './src/pulumi-state.ts';

const config = readConfig();

const services = new EnabledServices('services', config);
const onceEnabled = { dependsOn: services };
const state = new PulumiState('pulumi-state', config, onceEnabled);
const registry = new ImageRegistry('records', config, onceEnabled);
const github = new GitHubFederation('github', config, onceEnabled);
const plan = new PlanAccount('records-plan', { ...config, state, github }, onceEnabled);
const deploy = new DeployAccount('records-deploy', { ...config, state, registry, github }, onceEnabled);

export default {
  stateUrl: state.url,
  secretsProvider: state.secretsProvider,
  /** Host of the image registry, for `docker login`. */
  registryHost: `${config.region}-docker.pkg.dev`,
  planProvider: github.planProvider,
  planAccount: plan.account.email,
  deployProvider: github.deployProvider,
  deployAccount: deploy.account.email,
};
