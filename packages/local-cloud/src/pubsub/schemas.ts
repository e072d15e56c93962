import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { CloudError } from '../errors.ts';
import { AvroSchema } from './avro.ts';
import { checkFields } from './fields.ts';
import { SCHEMA_REVISIONS_MAX } from './limits.ts';
import { alreadyExists, checkName, checkProject, notFound } from './names.ts';
import { type PageRequest, pageOf } from './pages.ts';
import { reasonOf } from './reason.ts';
import { type Encoding, type Schema, timestampOf } from './resources.ts';
import type { Database } from './store/database.ts';
import type { ResourceTable } from './store/resource-table.ts';
import type { StoredSchemaSettings } from './topic-config.ts';

/** A parsed revision of a schema. */
export interface SchemaRevision {
  readonly revisionId: string;
  readonly avro: AvroSchema;
  readonly definition: string;
  /** Milliseconds since the epoch. */
  readonly createTime: number;
}

interface SchemaState {
  readonly key: number;
  readonly name: string;
  /** Oldest first, never empty. */
  readonly revisions: readonly SchemaRevision[];
}

type StoredRevision = Omit<SchemaRevision, 'avro'>;
type View = 'SCHEMA_VIEW_UNSPECIFIED' | 'BASIC' | 'FULL' | null | undefined;

const FIELDS = {
  message: 'Schema',
  supported: ['name', 'type', 'definition'],
  outputOnly: ['revisionId', 'revisionCreateTime'],
};

/** Schemas and their revisions. Avro only. https://docs.cloud.google.com/pubsub/docs/schemas */
export class Schemas {
  readonly #clock: Clock;
  readonly #database: Database;
  readonly #table: ResourceTable;
  readonly #schemas = new Map<string, SchemaState>();

  constructor(options: { clock: Clock; database: Database; table: ResourceTable }) {
    this.#clock = options.clock;
    this.#database = options.database;
    this.#table = options.table;
  }

  restore({ key, name, body }: { key: number; name: string; body: string }): void {
    const { revisions } = JSON.parse(body) as { revisions: StoredRevision[] };
    const read = revisions.map((revision) => ({ ...revision, avro: AvroSchema.parse(revision.definition) }));
    this.#schemas.set(name, { key, name, revisions: read });
  }

  create(request: {
    parent?: string | null;
    schemaId?: string | null;
    schema?: Schema | null;
  }): Promise<Schema> {
    const name = checkName('schemas', `${checkProject(request.parent)}/schemas/${request.schemaId ?? ''}`);
    if (this.#schemas.has(name)) throw alreadyExists(name);
    const revision = this.#newRevision(parseSchema(request.schema));
    return this.#database.write(() => {
      const key = this.#table.insert('schema', name, bodyOf([revision]));
      this.#schemas.set(name, { key, name, revisions: [revision] });
      return schemaOf(name, revision, 'FULL');
    });
  }

  /** `name` may end in `@REVISION`. */
  get(request: { name?: string | null; view?: View }): Schema {
    const { schema, revision } = this.#find(request.name);
    return schemaOf(schema.name, revision, request.view === 'BASIC' ? 'BASIC' : 'FULL');
  }

  list(request: { parent?: string | null; view?: View } & PageRequest): {
    schemas: Schema[];
    nextPageToken: string;
  } {
    const prefix = `${checkProject(request.parent)}/`;
    const all = [...this.#schemas.values()].filter(({ name }) => name.startsWith(prefix));
    const { items, nextPageToken } = pageOf(all, ({ name }) => name, request);
    const view = request.view === 'FULL' ? 'FULL' : 'BASIC';
    return { schemas: items.map((schema) => schemaOf(schema.name, latestOf(schema), view)), nextPageToken };
  }

  /** Newest first. */
  listRevisions(request: { name?: string | null; view?: View } & PageRequest): {
    schemas: Schema[];
    nextPageToken: string;
  } {
    const { schema } = this.#find(request.name);
    const numbered = [...schema.revisions].reverse().map((revision, index) => ({ revision, index }));
    const { items, nextPageToken } = pageOf(numbered, ({ index }) => String(index).padStart(3, '0'), request);
    const view = request.view === 'FULL' ? 'FULL' : 'BASIC';
    return { schemas: items.map(({ revision }) => schemaOf(schema.name, revision, view)), nextPageToken };
  }

  commit(request: { name?: string | null; schema?: Schema | null }): Promise<Schema> {
    const { schema } = this.#find(request.name);
    const revision = this.#newRevision(parseSchema(request.schema));
    revision.avro.checkCompatible(latestOf(schema).avro);
    return this.#append(schema, revision);
  }

  /** Commits the definition of an old revision as a new one. */
  rollback(request: { name?: string | null; revisionId?: string | null }): Promise<Schema> {
    const { schema, revision } = this.#find(`${request.name}@${request.revisionId ?? ''}`);
    return this.#append(schema, this.#newRevision(revision));
  }

  /** `name` ends in `@REVISION`, or `revisionId` is set. The only revision of a schema cannot be deleted. */
  deleteRevision(request: { name?: string | null; revisionId?: string | null }): Promise<Schema> {
    const name = request.name ?? '';
    const { schema, revision } = this.#find(
      name.includes('@') ? name : `${name}@${request.revisionId ?? ''}`,
    );
    if (schema.revisions.length === 1) {
      throw new CloudError('INVALID_ARGUMENT', `Cannot delete the only revision of ${schema.name}.`, {
        hint: 'delete the schema instead',
      });
    }
    const revisions = schema.revisions.filter((other) => other !== revision);
    return this.#replace({ ...schema, revisions });
  }

  /** Topics with the schema then refuse every message, as at Google. */
  delete(request: { name?: string | null }): Promise<void> {
    const { schema } = this.#find(request.name);
    return this.#database.write(() => {
      this.#table.delete(schema.key);
      this.#schemas.delete(schema.name);
    });
  }

  validateSchema(request: { parent?: string | null; schema?: Schema | null }): void {
    checkProject(request.parent);
    parseSchema(request.schema);
  }

  validateMessage(request: {
    parent?: string | null;
    name?: string | null;
    schema?: Schema | null;
    message?: Uint8Array | null;
    encoding?: Encoding | null;
  }): void {
    checkProject(request.parent);
    const avro = request.schema ? parseSchema(request.schema).avro : this.#find(request.name).revision.avro;
    if (request.encoding !== 'JSON' && request.encoding !== 'BINARY') {
      throw new CloudError('INVALID_ARGUMENT', 'Invalid encoding: it must be JSON or BINARY.');
    }
    try {
      avro.check(request.message ?? new Uint8Array(), request.encoding);
    } catch (error) {
      throw unparsable(error);
    }
  }

  has(name: string): boolean {
    return this.#schemas.has(name);
  }

  /**
   * The revisions that a topic accepts, newest first: the order in which Google tries them. Throws NOT_FOUND when the
   * schema, or a revision that the topic names, was deleted.
   * https://cloud.google.com/blog/products/data-analytics/pub-sub-schema-evolution-is-now-ga
   */
  accepted(settings: StoredSchemaSettings): SchemaRevision[] {
    const schema = this.#schemas.get(settings.schema);
    if (!schema) throw new CloudError('NOT_FOUND', 'Schema associated with topic deleted.');
    const first = settings.firstRevisionId ? indexOf(schema, settings.firstRevisionId) : 0;
    const last = settings.lastRevisionId
      ? indexOf(schema, settings.lastRevisionId)
      : schema.revisions.length - 1;
    if (first > last) {
      throw new CloudError(
        'INVALID_ARGUMENT',
        `Invalid schema_settings: revision ${settings.firstRevisionId} is newer than ${settings.lastRevisionId}.`,
      );
    }
    return schema.revisions.slice(first, last + 1).reverse();
  }

  /** A revision; undefined when it was deleted. */
  revision(name: string, revisionId: string): SchemaRevision | undefined {
    return this.#schemas.get(name)?.revisions.find((revision) => revision.revisionId === revisionId);
  }

  #append(schema: SchemaState, revision: SchemaRevision): Promise<Schema> {
    if (schema.revisions.length >= SCHEMA_REVISIONS_MAX) {
      throw new CloudError(
        'FAILED_PRECONDITION',
        `${schema.name} has ${schema.revisions.length} revisions; at most ${SCHEMA_REVISIONS_MAX} are allowed.`,
        { hint: 'delete a revision first' },
      );
    }
    return this.#replace({ ...schema, revisions: [...schema.revisions, revision] });
  }

  #replace(schema: SchemaState): Promise<Schema> {
    return this.#database.write(() => {
      this.#table.update(schema.key, bodyOf(schema.revisions));
      this.#schemas.set(schema.name, schema);
      return schemaOf(schema.name, latestOf(schema), 'FULL');
    });
  }

  #newRevision({ avro, definition }: { avro: AvroSchema; definition: string }): SchemaRevision {
    return { revisionId: randomUUID().slice(0, 8), avro, definition, createTime: this.#clock.now() };
  }

  #find(fullName: string | null | undefined): { schema: SchemaState; revision: SchemaRevision } {
    const [base, revisionId] = (fullName ?? '').split('@');
    const name = checkName('schemas', base);
    const schema = this.#schemas.get(name);
    if (!schema) throw notFound(name);
    const revision =
      revisionId === undefined ? latestOf(schema) : schema.revisions[indexOf(schema, revisionId)];
    if (!revision) throw notFound(`${name}@${revisionId}`);
    return { schema, revision };
  }
}

/** Google's error gives no reason; the hint does. */
export function unparsable(error: unknown, where = ''): CloudError {
  const reason = reasonOf(error);
  return new CloudError('INVALID_ARGUMENT', 'Could not parse message', {
    hint: `${where}${reason}`,
    cause: error,
  });
}

function parseSchema(schema: Schema | null | undefined): { avro: AvroSchema; definition: string } {
  if (!schema) throw new CloudError('INVALID_ARGUMENT', 'Invalid schema: set schema.');
  checkFields(schema, FIELDS);
  if (schema.type === 'PROTOCOL_BUFFER') {
    throw new CloudError('UNIMPLEMENTED', 'Schema.type PROTOCOL_BUFFER is not emulated: only AVRO is.');
  }
  if (schema.type !== 'AVRO') {
    throw new CloudError('INVALID_ARGUMENT', `Invalid schema type: ${schema.type ?? 'TYPE_UNSPECIFIED'}.`, {
      hint: 'set type to AVRO',
    });
  }
  const definition = schema.definition ?? '';
  return { avro: AvroSchema.parse(definition), definition };
}

function schemaOf(name: string, revision: SchemaRevision, view: 'BASIC' | 'FULL'): Schema {
  return {
    name,
    type: 'AVRO',
    ...(view === 'FULL' && { definition: revision.definition }),
    revisionId: revision.revisionId,
    revisionCreateTime: timestampOf(revision.createTime),
  };
}

function latestOf({ name, revisions }: SchemaState): SchemaRevision {
  const latest = revisions.at(-1);
  if (!latest) throw notFound(name);
  return latest;
}

function indexOf({ name, revisions }: SchemaState, revisionId: string): number {
  const index = revisions.findIndex((revision) => revision.revisionId === revisionId);
  if (index < 0) throw notFound(`${name}@${revisionId}`);
  return index;
}

function bodyOf(revisions: readonly SchemaRevision[]): { revisions: StoredRevision[] } {
  return { revisions: revisions.map(({ avro: _, ...stored }) => stored) };
}
