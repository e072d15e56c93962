import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { MEMBER, MEMBERS, Settings } from '../../src/settings.ts';

/** The settings of one bootstrap stack, checked. What each means is written in Pulumi.yaml. */
export interface BootstrapConfig {
  readonly project: string;
  readonly region: string;
  readonly github: GitHubConfig;
  readonly imageReaders: readonly string[];
  readonly loadBalancer: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** Which workflows of GitHub are let in. */
export interface GitHubConfig {
  readonly ownerId: number;
  readonly repositoryId: number;
  /** `refs/heads/main` */
  readonly deployRef: string;
  /** The environment of GitHub that a deploying job must run in: the name of the stack. */
  readonly environment: string;
}

/** Throws pulumi.RunError with every mistake of the stack's configuration. */
export function readConfig(): BootstrapConfig {
  const settings = new Settings();
  const stack = pulumi.getStack();
  const refRule = 'a full Git ref such as refs/heads/main';
  const config: BootstrapConfig = {
    ...settings.provider(gcp.config),
    github: {
      ownerId: settings.integer('githubOwnerId', 0, 1, Number.MAX_SAFE_INTEGER),
      repositoryId: settings.integer('githubRepositoryId', 0, 1, Number.MAX_SAFE_INTEGER),
      deployRef: settings.matching('deployRef', /^refs\/(heads|tags)\/[\w./-]+$/, refRule),
      environment: stack,
    },
    imageReaders: settings.list('imageReaders', MEMBER, MEMBERS),
    loadBalancer: settings.flag('loadBalancer', false),
    labels: { system: 'records', stack },
  };
  settings.throwIfWrong();
  return config;
}
