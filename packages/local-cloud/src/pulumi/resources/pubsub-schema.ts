import { Type } from '@sinclair/typebox';
import type { Cloud } from '../cloud.ts';
import { applied, type Declared } from '../resource-type.ts';
import { DeletionPolicy, fullName, shortName, withProject } from './common.ts';

const Inputs = Type.Object(
  {
    name: Type.Optional(Type.String()),
    project: Type.Optional(Type.String()),
    type: Type.Optional(Type.Literal('AVRO')),
    definition: Type.String(),
    deletionPolicy: Type.Optional(DeletionPolicy),
  },
  { additionalProperties: false },
);
type Inputs = typeof Inputs.static;

export const schema = applied({
  effect: 'a schema of the local Pub/Sub, checked at publish',
  inputs: Inputs,
  notEmulated: {},
  refused: {},
  autoname: 'name',
  defaults: (declared) => ({ ...withProject(declared), type: 'AVRO' as const }),
  resourceName: nameOf,
  outputs: (declared) => ({ id: nameOf(declared) }),
  async create(resource) {
    const { inputs, cloud } = resource;
    const created = await cloud.pubsub.createSchema({
      parent: `projects/${inputs.project}`,
      schemaId: inputs.name ?? '',
      schema: { type: inputs.type, definition: inputs.definition },
    });
    return revision(created);
  },
  async update(resource) {
    const { inputs, cloud } = resource;
    const name = nameOf(resource);
    const committed = await cloud.pubsub.commitSchema({
      name,
      schema: { name, type: inputs.type, definition: inputs.definition },
    });
    if (resource.goneColumns === 'drop') await forgetFields(name, inputs.definition, cloud);
    return revision(committed);
  },
  async delete(resource) {
    await resource.cloud.pubsub.deleteSchema({ name: nameOf(resource) });
  },
});

function nameOf({ inputs, context }: Declared<Inputs>): string {
  return fullName('schemas', shortName(inputs.name ?? ''), inputs.project ?? context.project);
}

function revision(created: unknown) {
  const revisionId = typeof created === 'object' && created && Reflect.get(created, 'revisionId');
  return typeof revisionId === 'string' ? { revisionId } : undefined;
}

/** Deletes revisions with fields that the newest lacks: a table without these columns cannot take their messages. */
async function forgetFields(name: string, newest: string, { pubsub }: Pick<Cloud, 'pubsub'>): Promise<void> {
  const { schemas } = (await pubsub.listSchemaRevisions({ name, view: 'FULL' })) as Revisions;
  const fields = fieldsOf(newest);
  for (const { revisionId, definition } of schemas) {
    if ([...fieldsOf(definition)].every((field) => fields.has(field))) continue;
    await pubsub.deleteSchemaRevision({ name, revisionId });
  }
}

interface Revisions {
  readonly schemas: readonly { readonly revisionId: string; readonly definition: string }[];
}

function fieldsOf(definition: string): Set<string> {
  const { fields = [] } = JSON.parse(definition) as { fields?: readonly { readonly name: string }[] };
  return new Set(fields.map((field) => field.name));
}
