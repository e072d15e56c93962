import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { MEMBER, MEMBERS, Settings } from '../../src/settings.ts';

/** The checked settings of a bootstrap stack. Pulumi.yaml describes each of them. */
export type BootstrapConfig = ReturnType<typeof readConfig>;
/** The workflows of GitHub that may sign in. */
export type GitHubConfig = BootstrapConfig['github'];

/** Throws pulumi.RunError with every mistake in the stack's configuration. */
export function readConfig() {
  const settings = new Settings('pnpm pulumi --cwd bootstrap');
  const stack = pulumi.getStack();
  const refRule = 'a full Git ref such as refs/heads/main';
  const config = {
    ...settings.provider(gcp.config),
    github: {
      ownerId: settings.integer('githubOwnerId', 0, 1, Number.MAX_SAFE_INTEGER),
      repositoryId: settings.integer('githubRepositoryId', 0, 1, Number.MAX_SAFE_INTEGER),
      deployRef: settings.matching('deployRef', /^refs\/(heads|tags)\/[\w./-]+$/, refRule),
      /** GitHub's environment for deploying jobs, named like the stack. */
      environment: stack,
    },
    imageReaders: settings.list('imageReaders', MEMBER, MEMBERS),
    loadBalancer: settings.flag('loadBalancer', false),
    labels: { system: 'records', stack },
  };
  settings.throwIfWrong();
  return config;
}
