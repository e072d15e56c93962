import { describe, expect, it } from '@jest/globals';
import { GcpDeclarations } from '../../src/pulumi/gcp-declarations.ts';
import { checkInputs } from '../../src/pulumi/inputs.ts';
import { UNKNOWN } from '../../src/pulumi/property-values.ts';
import { type AppliedType, isApplied, type ResourceType } from '../../src/pulumi/resource-type.ts';
import { DATA_SOURCES, RESOURCE_TYPES } from '../../src/pulumi/resources/index.ts';
import { programDir } from './test-cloud.ts';

const declarations = GcpDeclarations.of(programDir('declared'));

function listed({ inputs, notEmulated, refused }: AppliedType): string[] {
  return [...Object.keys(inputs.properties), ...Object.keys(notEmulated), ...Object.keys(refused)];
}

const appliedTypes = Object.entries(RESOURCE_TYPES).filter((entry): entry is [string, AppliedType] =>
  isApplied(entry[1] as ResourceType),
);

function typeOf(name: string): AppliedType {
  const type = RESOURCE_TYPES[name];
  if (!type || !isApplied(type)) throw new Error(`${name} is not an applied type`);
  return type;
}

/** `property: message` of each mistake. */
function mistakes(name: string, inputs: Record<string, unknown>): string[] {
  return checkInputs(typeOf(name), inputs).mistakes.map(({ property, message }) => `${property}: ${message}`);
}

describe('the table of resource types', () => {
  it.each(appliedTypes.filter(([name]) => name !== 'pulumi:providers:gcp'))(
    'says of each input of %s whether it is applied, not emulated or refused',
    (name, type) => {
      const known = [...(declarations.argumentsOf(name)?.keys() ?? [])];
      expect(known.length).toBeGreaterThan(1);
      const topLevel = listed(type).filter((path) => !/[.[]/.test(path));
      expect(new Set(topLevel).size).toBe(topLevel.length);
      expect(topLevel.sort()).toEqual(known.sort());
    },
  );

  it('gives a reason for everything that is not emulated or refused', () => {
    const reasons = Object.values(RESOURCE_TYPES).flatMap((type) =>
      isApplied(type)
        ? [...Object.values(type.notEmulated), ...Object.values(type.refused)]
        : [type.notEmulatedBecause],
    );
    expect(reasons.filter((reason) => reason.length < 10)).toEqual([]);
  });

  it('knows its data sources by the names of @pulumi/gcp', () => {
    expect(Object.keys(DATA_SOURCES)).toEqual(['gcp:organizations/getProject:getProject']);
  });
});

describe('an input', () => {
  it('that is missing, mistyped or unknown is named with the rule', () => {
    const type = 'gcp:pubsub/subscription:Subscription';
    const inputs = {
      ackDeadlineSeconds: 'ten',
      messageRetentionDuration: '1 week',
      labels: { team: 7 },
      expirationPolicy: { ttl: '', after: '1d' },
      bigqueryConfig: { table: 'orders' },
      toppic: 'orders',
    };
    expect(mistakes(type, inputs).sort()).toEqual([
      'ackDeadlineSeconds: must be an integer, not "ten"',
      'bigqueryConfig.table: must be a table as "PROJECT.DATASET.TABLE", not "orders"',
      'expirationPolicy.after: is not known here. Known are: ttl',
      'labels.team: must be text, not 7',
      'messageRetentionDuration: must be a duration in seconds such as "600s", not "1 week"',
      'topic: is required',
      'toppic: is not known here: did you mean "topic"?',
    ]);
  });

  it('that would change what the program does, if it were ignored, is refused with the reason', () => {
    expect(
      mistakes('gcp:pubsub/subscription:Subscription', { topic: 't', pushConfig: { pushEndpoint: 'x' } }),
    ).toEqual([
      'pushConfig: the local cloud cannot do this: push subscriptions are not emulated, and nothing would be delivered',
    ]);
    const template = {
      containers: [
        { image: 'a/b:1', envs: [{ name: 'TOKEN', valueSource: { secretKeyRef: { secret: 's' } } }] },
      ],
    };
    expect(mistakes('gcp:cloudrunv2/service:Service', { location: 'l', template })).toEqual([
      'template.containers[0].envs[0].valueSource: the local cloud cannot do this: a process gets a secret only as a file (template.volumes)',
    ]);
    expect(
      mistakes('gcp:pubsub/topicIAMMember:TopicIAMMember', {
        topic: 't',
        role: 'roles/pubsub.publisher',
        member: 'allUsers',
        condition: {},
      }),
    ).toEqual([
      'condition: the local cloud cannot do this: IAM conditions are not evaluated, so the grant would allow more than declared',
    ]);
  });

  it('that Cloud Run sets itself, or a role that is none, is refused', () => {
    const template = { containers: [{ image: 'a/b:1', envs: [{ name: 'PORT', value: '80' }] }] };
    expect(mistakes('gcp:cloudrunv2/service:Service', { location: 'l', template })).toEqual([
      'template.containers[0].envs[0].name: must be a name that Cloud Run does not set itself (PORT, K_SERVICE, K_REVISION, K_CONFIGURATION), not "PORT"',
    ]);
    expect(
      mistakes('gcp:projects/iAMMember:IAMMember', {
        project: 'p',
        role: 'pubsub.publisher',
        member: 'someone',
      }).sort(),
    ).toEqual([
      'role: must be text that matches ^(roles|projects/[^/]+/roles|organizations/[^/]+/roles)/\\S+$, not "pubsub.publisher"',
    ]);
  });

  it('without effect is accepted with its reason, however deep it lies', () => {
    const template = {
      scaling: { maxInstanceCount: 3 },
      containers: [{ image: 'a/b:1', resources: { cpuIdle: true }, ports: { containerPort: 8080 } }],
    };
    const checked = checkInputs(typeOf('gcp:cloudrunv2/service:Service'), {
      location: 'l',
      template,
      ingress: 'x',
    });
    expect(checked.mistakes).toEqual([]);
    expect(checked.inputs).toEqual({ location: 'l', template: { containers: [{ image: 'a/b:1' }] } });
    expect(checked.notEmulated).toEqual({
      ingress: 'the process listens on this machine only',
      'template.scaling': 'one process answers every request',
      'template.containers[0].resources': 'the process shares this machine',
      'template.containers[0].ports': 'the process gets a port of this machine in PORT',
    });
  });

  it('that Pulumi generates may be left out', () => {
    expect(mistakes('gcp:serviceaccount/account:Account', {})).toEqual([]);
    expect(mistakes('gcp:secretmanager/secret:Secret', { replication: { auto: {} } })).toEqual([]);
    expect(mistakes('gcp:pubsub/topic:Topic', {})).toEqual([]);
  });

  it('that a preview does not know may have any type', () => {
    expect(
      mistakes('gcp:pubsub/subscription:Subscription', {
        topic: UNKNOWN,
        ackDeadlineSeconds: UNKNOWN,
        bigqueryConfig: { table: UNKNOWN },
      }),
    ).toEqual([]);
  });
});

describe('a rule that a schema cannot express', () => {
  const context = { project: 'p', projectNumber: '1', region: undefined };
  const check = (name: string, inputs: Record<string, unknown>) =>
    typeOf(name).check?.({ urn: 'urn', logicalName: 'name', inputs, context });

  it('on a table: its schema is a list of columns, and it is clustered by some of them', () => {
    const type = 'gcp:bigquery/table:Table';
    const table = { datasetId: 'd', tableId: 't' };
    expect(check(type, { ...table, schema: '{' })).toEqual([
      { property: 'schema', message: expect.stringContaining('must be JSON: ') },
    ]);
    expect(check(type, { ...table, schema: '[{"name":"id"}]' })).toEqual([
      {
        property: 'schema',
        message: 'must be a JSON list of columns with a name and a type: [0].type is required',
      },
    ]);
    expect(
      check(type, { ...table, schema: '[{"name":"id","type":"STRING"}]', clusterings: ['id', 'nam'] }),
    ).toEqual([{ property: 'clusterings', message: 'nam is not a column of the table (id)' }]);
  });

  it('on a grant: the permissions of its role are known', () => {
    const type = 'gcp:projects/iAMMember:IAMMember';
    const grant = (role: string) => check(type, { project: 'p', role, member: 'allUsers' });
    expect(grant('roles/pubsub.publsher')).toEqual([
      {
        property: 'role',
        message:
          'the local cloud does not know the permissions of roles/pubsub.publsher. Known roles: roles/pubsub.admin, roles/pubsub.editor, roles/pubsub.publisher, roles/pubsub.subscriber, roles/pubsub.viewer',
      },
    ]);
    expect(grant('roles/editor')?.[0]?.message).toContain('does not know the permissions of roles/editor');
    expect(grant('roles/logging.logWriter')).toEqual([]);
  });
});
