import type { BigQueryFront, Fault } from './bigquery-front.ts';

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

/** A table without rows. */
const emptyTable: Fault = {
  status: 200,
  body: JSON.stringify({ lastModifiedTime: '1764400000000', numRows: '0', numBytes: '0' }),
};

/** Answers every call with this, and says that nothing was amended. */
export function answerAll(front: BigQueryFront, answer: () => Fault | Promise<Fault>): void {
  front.fault = (call) => (front.calls[call - 1]?.endsWith('/tables/amendments') ? emptyTable : answer());
}
