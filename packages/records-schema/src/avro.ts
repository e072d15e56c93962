import { columns } from './columns.ts';
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
  readonly type: 'string';
  readonly doc: string;
}

/**
 * Plain strings and no unions: Avro's JSON encoding would make every publisher wrap the value of a union
 * (`{"string": "…"}`), and a plain type is what maps to a REQUIRED column.
 * https://docs.cloud.google.com/pubsub/docs/bigquery
 */
export const avroSchema: AvroRecord = {
  type: 'record',
  name: 'Record',
  doc: RecordRow.description ?? '',
  fields: columns.map(({ name, description, required }) => {
    if (!required)
      throw new TypeError(`column "${name}" is optional: a plain Avro string can not be left out`);
    return { name, type: 'string', doc: description };
  }),
};

/** `avroSchema` as the text that Pub/Sub's `Schema.definition` takes. */
export const avroDefinition: string = JSON.stringify(avroSchema);
