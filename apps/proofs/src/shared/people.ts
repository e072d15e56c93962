import type { LocalStack } from '../src/local-stack.ts';

const APPEND_ROWS = 10_000;

export const personOf = (id: string) => ({
  id,
  nombre: 'María José',
  apellido: 'Núñez Cárdenas',
  pais: 'México',
});

/** The id of the nth person: of one length, in no order. */
export const idOf = (n: number): string =>
  `${((n * 2_654_435_761) % 4_294_967_296).toString(16).padStart(8, '0')}-${n.toString(36).padStart(5, '0')}`;

/** Puts so many people straight into the table. */
export async function appendPeople(stack: LocalStack, count: number): Promise<void> {
  const [projectId = '', datasetId = '', tableId = ''] = stack.outputs.table.split('.');
  for (let start = 0; start < count; start += APPEND_ROWS) {
    const people = Array.from({ length: Math.min(APPEND_ROWS, count - start) }, (_, n) =>
      personOf(idOf(start + n)),
    );
    const refused = await stack.cloud.bigquery.appendRows({ projectId, datasetId, tableId }, people);
    if (refused.length > 0) throw new Error(JSON.stringify(refused[0]));
  }
}
