import { type Column, columns } from './columns.ts';
import { RecordRow } from './record.ts';

/** The Avro schema of the topic, for JSON encoding. */
export interface AvroRecord {
  readonly type: 'record';
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly AvroField[];
}

export interface AvroField {
  readonly name: string;
  readonly type: 'string' | readonly ['null', 'string'];
  readonly default?: null;
  readonly doc: string;
}

/**
 * A required column is a plain string, which maps to a REQUIRED column. An optional column has to be a union with null, whose
 * values every publisher must wrap: `{"string": "…"}`. https://docs.cloud.google.com/pubsub/docs/bigquery
 */
export function avroSchemaOf(columns: readonly Column[]): AvroRecord {
  return {
    type: 'record',
    name: 'Record',
    doc: RecordRow.description ?? '',
    fields: columns.map(({ name, description, required }) =>
      required
        ? { name, type: 'string', doc: description }
        : { name, type: ['null', 'string'], default: null, doc: description },
    ),
  };
}

export const avroSchema: AvroRecord = avroSchemaOf(columns);

/** `avroSchema` as the text that Pub/Sub's `Schema.definition` takes. */
export const avroDefinition: string = JSON.stringify(avroSchema);
