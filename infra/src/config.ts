import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';

/** The settings of one stack, checked. What each means is written in Pulumi.yaml, beside its default. */
export interface StackConfig {
  readonly project: string;
  readonly region: string;
  readonly image: string;
  readonly access: Access;
  readonly publishers: readonly string[];
  readonly deletionProtection: boolean;
  readonly minInstances: number;
  readonly maxInstances: number;
  readonly logLevel: LogLevel;
  /** On every resource that takes labels, so that costs can be told apart. */
  readonly labels: Readonly<Record<string, string>>;
}

const ACCESS = ['public', 'private'] as const;
type Access = (typeof ACCESS)[number];

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/** `PREFIX:NAME` as IAM writes it; deleted and group-wide public members are no publishers. */
const MEMBER = /^(serviceAccount|user|group|domain|principal|principalSet):\S+$/;

/** Throws pulumi.RunError with every mistake of the stack's configuration. */
export function readConfig(): StackConfig {
  const config = new pulumi.Config();
  const stack = pulumi.getStack();
  const mistakes: string[] = [];
  const check = (key: string, value: unknown, holds: boolean, rule: string): void => {
    if (holds) return;
    const found = value === undefined ? 'is not set' : `is ${JSON.stringify(value)}`;
    mistakes.push(`${key} ${found}: it must be ${rule}. pulumi config set -s ${stack} ${key} …`);
  };

  const project = gcp.config.project;
  check('gcp:project', project, !!project, 'the id of the Google Cloud project of this stack');
  const region = gcp.config.region;
  check('gcp:region', region, !!region, 'a region such as southamerica-west1');
  const image = config.get('image');
  check(
    'image',
    image,
    !!image && /^\S+\/\S+[:@]\S+$/.test(image),
    'a container image with a digest or a tag',
  );
  const access = config.get('access') ?? 'private';
  check('access', access, isOneOf(ACCESS, access), `one of ${ACCESS.join(', ')}`);
  const publishers = config.getObject<unknown>('publishers') ?? [];
  check('publishers', publishers, isMembers(publishers), 'a list of IAM members such as serviceAccount:NAME');
  const maxInstances = config.getNumber('maxInstances') ?? 4;
  check('maxInstances', maxInstances, isWithin(maxInstances, 1, 100), 'an integer from 1 to 100');
  const minInstances = config.getNumber('minInstances') ?? 0;
  check(
    'minInstances',
    minInstances,
    isWithin(minInstances, 0, maxInstances),
    `an integer from 0 to maxInstances (${maxInstances})`,
  );
  const logLevel = config.get('logLevel') ?? 'info';
  check('logLevel', logLevel, isOneOf(LOG_LEVELS, logLevel), `one of ${LOG_LEVELS.join(', ')}`);

  if (mistakes.length > 0 || !project || !region || !image) {
    throw new pulumi.RunError(
      `The configuration of stack "${stack}" is not complete:\n  ${mistakes.join('\n  ')}`,
    );
  }
  return {
    project,
    region,
    image,
    access: access as Access,
    publishers: publishers as string[],
    deletionProtection: config.getBoolean('deletionProtection') ?? true,
    minInstances,
    maxInstances,
    logLevel: logLevel as LogLevel,
    labels: { system: 'records', stack },
  };
}

function isOneOf(values: readonly string[], value: string): boolean {
  return values.includes(value);
}

function isMembers(value: unknown): boolean {
  return Array.isArray(value) && value.every((member) => typeof member === 'string' && MEMBER.test(member));
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
