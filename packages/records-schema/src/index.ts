export * from './avro.ts';
export * from './bigquery.ts';
export * from './codec.ts';
export { COLUMN_NAMES, ID_MAX_LENGTH, RecordRow, TEXT_MAX_LENGTH } from './record.ts';
export * from './samples.ts';
