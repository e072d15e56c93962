import type { Fault } from './bigquery-front.ts';

/** A finished query in BigQuery's shape, with one record. */
export const oneRowReply = {
  jobComplete: true,
  jobReference: { projectId: 'records-test', jobId: 'j', location: 'southamerica-west1' },
  totalRows: '1',
  totalBytesBilled: '10485760',
  schema: { fields: ['id', 'nombre', 'apellido', 'pais'].map((name) => ({ name, type: 'STRING' })) },
  rows: [{ f: [{ v: 'a' }, { v: 'Ana' }, { v: 'Pérez' }, { v: 'Chile' }] }],
};

export const oneRow: Fault = { status: 200, body: JSON.stringify(oneRowReply) };
