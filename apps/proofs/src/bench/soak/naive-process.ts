/**
 * The naive way to serve the table: each request runs a query of its own, and nothing is cached. Listens on a free port, and
 * answers its URL: `node naive-process.ts TARGET`, a `Target` as JSON.
 */
import type { Target } from '@records/stack';
import { bigqueryClient } from '@records/stack/clients';
import { fastify } from 'fastify';
import { answer } from '../../shared/forked-process.ts';

const target = JSON.parse(process.argv[2] ?? '') as Target;
const bigquery = bigqueryClient(target);
const SELECT = `SELECT id, nombre, apellido, pais FROM \`${target.table}\``;
const FILTERS = ['pais', 'nombre'] as const;

interface Query {
  readonly limit?: string;
  readonly offset?: string;
  readonly pais?: string;
  readonly nombre?: string;
}

async function rowsOf(query: string, params: object): Promise<unknown[]> {
  const [rows] = await bigquery.query({ query, params, useQueryCache: false });
  return rows;
}

const app = fastify();

app.get<{ Querystring: Query }>('/records', ({ query }) => {
  const { limit = '100', offset = '0' } = query;
  const filters = FILTERS.filter((name) => query[name] !== undefined);
  const where = filters.map((name) => `${name} = @${name}`).join(' AND ');
  const params = Object.fromEntries(filters.map((name) => [name, query[name]]));
  return rowsOf(`${SELECT}${where === '' ? '' : ` WHERE ${where}`} ORDER BY id LIMIT @limit OFFSET @offset`, {
    ...params,
    limit: Number(limit),
    offset: Number(offset),
  });
});

app.get<{ Params: { id: string } }>('/records/:id', async ({ params }, reply) => {
  const [row] = await rowsOf(`${SELECT} WHERE id = @id LIMIT 1`, params);
  if (row === undefined) return reply.code(404).send({ title: 'not found' });
  return row;
});

app.get('/countries', () =>
  rowsOf(`SELECT pais, COUNT(*) AS records FROM \`${target.table}\` GROUP BY pais ORDER BY pais`, {}),
);

answer((_: 'start'): Promise<string> => app.listen({ port: 0, host: '127.0.0.1' }));
