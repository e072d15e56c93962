import { describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs';
import { RPCS } from '../../src/pubsub/wire/protos.ts';
import { Harness, subscriptionName, topicName } from './harness.ts';

const SAMPLES: Readonly<Record<string, unknown>> = {
  string: 'x',
  bool: true,
  bytes: 'YQ==',
  '.google.protobuf.Duration': '600s',
  '.google.protobuf.Timestamp': '2030-01-01T00:00:00Z',
};

/** A value that is not the default of a field, as JSON. */
function sampleOf(field: protobuf.Field): unknown {
  const { resolvedType, type } = field.resolve();
  const known = SAMPLES[resolvedType?.fullName ?? type];
  const single = known ?? (resolvedType ? sampleOfType(resolvedType) : 10);
  if (field instanceof protobuf.MapField) return { x: single };
  return field.repeated ? [single] : single;
}

function sampleOfType(type: protobuf.Type | protobuf.Enum): unknown {
  if (type instanceof protobuf.Enum) return Object.keys(type.values)[1];
  const [first] = type.fieldsArray;
  return first ? { [first.name]: sampleOf(first) } : {};
}

const requestOf = (name: string) => RPCS.find((rpc) => rpc.name === name)?.request as protobuf.Type;
const fieldsOf = (type: protobuf.Type) => type.fieldsArray.map((field) => [field.name, field] as const);
const nested = (type: protobuf.Type, name: string) =>
  type.fields[name]?.resolve().resolvedType as protobuf.Type;

const topic = requestOf('CreateTopic');
const subscription = requestOf('CreateSubscription');

describe('what Google’s protos declare', () => {
  it('is served: every method has an answer of its own', async () => {
    await using harness = await Harness.start();
    for (const { name, http } of RPCS) {
      for (const { verb, path } of http) {
        const url = path
          .replace(/\{[^=]+=([^}]+)\}/g, '$1')
          .replace('projects/*', 'projects/local')
          .replaceAll('*', 'none');
        const response = await fetch(`http://${harness.server.host}${url}`, {
          method: verb,
          ...(verb !== 'GET' && verb !== 'DELETE' && { body: '{}' }),
        });
        const text = await response.text();
        expect([name, text]).toEqual([name, expect.not.stringMatching(/is not emulated|has no method/)]);
      }
    }
  });

  it.each([
    ...fieldsOf(topic).map(([name, field]) => ['topics/one', name, { [name]: sampleOf(field) }] as const),
    ...fieldsOf(nested(topic, 'schemaSettings')).map(
      ([name, field]) => ['topics/one', name, { schemaSettings: { [name]: sampleOf(field) } }] as const,
    ),
    ...fieldsOf(subscription).map(
      ([name, field]) => ['subscriptions/one', name, { [name]: sampleOf(field) }] as const,
    ),
    ...['bigqueryConfig', 'pushConfig'].flatMap((config) =>
      fieldsOf(nested(subscription, config)).map(
        ([name, field]) => ['subscriptions/one', name, { [config]: { [name]: sampleOf(field) } }] as const,
      ),
    ),
    ...fieldsOf(requestOf('CreateSnapshot')).map(
      ([name, field]) => ['snapshots/one', name, { [name]: sampleOf(field) }] as const,
    ),
  ])('%s: %s is known', async (path, _, body) => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const given = { topic: topicName('records'), subscription: subscriptionName('reader') };
    const needed =
      path === 'topics/one'
        ? {}
        : path === 'snapshots/one'
          ? { subscription: given.subscription }
          : { topic: given.topic };
    const response = await fetch(`http://${harness.server.host}/v1/projects/local/${path}`, {
      method: 'PUT',
      body: JSON.stringify({ ...needed, ...body }),
    });
    const text = await response.text();
    expect(text).not.toMatch(/Unknown (?:field|name)|Internal error/);
  });
});
