export * from './amendments.ts';
export * from './avro.ts';
export * from './bigquery.ts';
export * from './codec.ts';
export {
  COLUMN_NAMES,
  canonical,
  ID_MAX_LENGTH,
  RecordRow,
  TEXT_MAX_LENGTH,
  unitPerCharacter,
} from './record.ts';
export * from './samples.ts';
export * from './sql.ts';
