import { Type } from '@sinclair/typebox';
import { applied, type Declared } from '../resource-type.ts';
import {
  DeletionPolicy,
  DurationText,
  duration,
  fullName,
  Labels,
  labelOutputs,
  withProject,
} from './common.ts';

const Inputs = Type.Object(
  {
    name: Type.Optional(Type.String()),
    project: Type.Optional(Type.String()),
    labels: Type.Optional(Labels),
    messageRetentionDuration: Type.Optional(DurationText),
    messageStoragePolicy: Type.Optional(
      Type.Object(
        {
          allowedPersistenceRegions: Type.Array(Type.String(), { minItems: 1 }),
          enforceInTransit: Type.Optional(Type.Boolean()),
        },
        { additionalProperties: false },
      ),
    ),
    schemaSettings: Type.Optional(
      Type.Object(
        {
          schema: Type.String(),
          encoding: Type.Optional(Type.Union([Type.Literal('JSON'), Type.Literal('BINARY')])),
          firstRevisionId: Type.Optional(Type.String()),
          lastRevisionId: Type.Optional(Type.String()),
        },
        { additionalProperties: false },
      ),
    ),
    deletionPolicy: Type.Optional(DeletionPolicy),
  },
  { additionalProperties: false },
);
type Inputs = typeof Inputs.static;

export const topicName = (project: string, topic: string) => fullName('topics', topic, project);

export const topic = applied({
  effect: 'a topic of the local Pub/Sub',
  inputs: Inputs,
  notEmulated: {
    kmsKeyName: 'local files are not encrypted',
    tags: 'no policy looks at tags',
  },
  refused: {
    messageTransforms:
      'single message transforms are not emulated, and without them subscribers get other messages',
    ingestionDataSourceSettings: 'there are no import topics',
  },
  autoname: 'name',
  holds: 'the messages that it retains, and its subscriptions',
  defaults: withProject,
  resourceName: nameOf,
  outputs: (declared) => ({ id: nameOf(declared), ...labelOutputs(declared.inputs.labels) }),
  references({ inputs, context }) {
    const name = inputs.schemaSettings?.schema;
    if (!name) return [];
    const project = inputs.project ?? context.project;
    return [{ property: 'schemaSettings.schema', resource: fullName('schemas', name, project) }];
  },
  async create(resource) {
    await resource.cloud.pubsub.createTopic(topicOf(resource));
    return undefined;
  },
  async update(resource) {
    const paths = [...resource.changed].filter((name) => name !== 'deletionPolicy');
    if (paths.length > 0) {
      await resource.cloud.pubsub.updateTopic({ topic: topicOf(resource), updateMask: { paths } });
    }
    return undefined;
  },
  async delete(resource) {
    await resource.cloud.pubsub.deleteTopic({ topic: nameOf(resource) });
  },
});

function nameOf({ inputs, context }: Declared<Inputs>): string {
  return topicName(inputs.project ?? context.project, inputs.name ?? '');
}

function topicOf(declared: Declared<Inputs>) {
  const { inputs, context } = declared;
  const { schemaSettings, messageRetentionDuration, messageStoragePolicy } = inputs;
  return {
    name: nameOf(declared),
    labels: inputs.labels ?? {},
    messageRetentionDuration: messageRetentionDuration ? duration(messageRetentionDuration) : null,
    messageStoragePolicy: messageStoragePolicy ?? null,
    schemaSettings: schemaSettings
      ? {
          ...schemaSettings,
          schema: fullName('schemas', schemaSettings.schema, inputs.project ?? context.project),
        }
      : null,
  };
}
