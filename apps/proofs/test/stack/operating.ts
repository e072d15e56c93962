import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { checkTag } from '@records/prober';
import { bigQueryColumns } from '@records/records-schema';
import { REPOSITORY } from '@records/stack';
import { getUntil, publish } from './requests.ts';
import { bigquery, pubsub, stack } from './shared.ts';

// The restore of docs/operating.md, as far as the local cloud supports it.

const SUBSCRIPTION = 'records-to-bigquery';

it('the API passes the check of a new revision, with and without records', async () => {
  const tag = { url: stack.outputs.apiUrl, idToken: undefined };
  expect(await checkTag(tag)).toContain('there is no record yet to look up');
  const record = { id: 'operating-check', nombre: 'Ñusta', apellido: 'Díaz', pais: 'Perú' };
  await publish(pubsub, stack.outputs.topic, record);
  await getUntil(`${stack.outputs.apiUrl}/records/${record.id}`, 200);
  const isListed = async () =>
    (await (await fetch(`${stack.outputs.apiUrl}/records?limit=1`)).text()).includes(record.id);
  while (!(await isListed())) await new Promise((resolve) => setImmediate(resolve));
  expect(await checkTag(tag)).toContain('a record is the same in the list and by its id');
}, 120_000);

it('revoking the grant on the table stops the writes and loses nothing; restoring it delivers the backlog', async () => {
  const { iam } = stack.cloud;
  const grant = iam
    .grants()
    .find(
      ({ role, resource }) => role === 'roles/bigquery.dataEditor' && resource.endsWith('/tables/records'),
    );
  if (!grant) throw new Error('the program grants nothing on the table');
  const record = { id: 'operating-waits', nombre: 'Inés', apellido: 'Ávila', pais: 'Chile' };

  iam.revoke(grant);
  await publish(pubsub, stack.outputs.topic, record);
  await stateOf(SUBSCRIPTION, 'RESOURCE_ERROR');
  const meanwhile = await fetch(`${stack.outputs.apiUrl}/records/${record.id}`);
  expect(meanwhile.status).toBe(404);

  iam.grant(grant);
  const response = await getUntil(`${stack.outputs.apiUrl}/records/${record.id}`, 200);
  expect(await response.json()).toEqual(record);
  await stateOf(SUBSCRIPTION, 'ACTIVE');
}, 120_000);

it('the statements of the document restore the missing rows, and none twice', async () => {
  const [count = '', insert = ''] = statements(/^SELECT COUNT/, /^INSERT INTO records\.records /);
  const restored = bigquery.dataset('records').table('restored');
  await restored.create({ schema: [...bigQueryColumns] });
  const row = (id: string) => ({ id, nombre: 'Ana', apellido: 'Núñez', pais: 'Perú' });
  await restored.insert(['kept', 'lost', 'lost-too'].map((id) => row(`restore-${id}`)));
  await bigquery
    .dataset('records')
    .table('records')
    .insert(['kept', 'new'].map((id) => row(`restore-${id}`)));

  const [[counted]] = await bigquery.query(count);
  expect(Object.values(counted)).toEqual([3, 3]);
  await bigquery.query(insert);
  await bigquery.query(insert);
  const [rows] = await bigquery.query(
    "SELECT id FROM records.records WHERE STARTS_WITH(id, 'restore-') ORDER BY id",
  );
  expect(rows.map(({ id }) => id)).toEqual(['kept', 'lost', 'lost-too', 'new'].map((id) => `restore-${id}`));
}, 120_000);

/** The first `bq query` statement of each kind in docs/operating.md. */
function statements(...kinds: readonly RegExp[]): string[] {
  const text = readFileSync(join(REPOSITORY, 'docs', 'operating.md'), 'utf8');
  const all = [...text.matchAll(/^ *bq\b.* query --use_legacy_sql=false '([^']+)'$/gm)].map(
    ([, sql = '']) => sql,
  );
  return kinds.map((kind) => {
    const found = all.find((sql) => kind.test(sql));
    if (found === undefined) throw new Error(`docs/operating.md has no statement ${kind}`);
    return found;
  });
}

/** Polls until the subscription has that state; the test's timeout ends the wait. */
async function stateOf(subscription: string, state: string): Promise<void> {
  for (;;) {
    const [metadata] = await pubsub.subscription(subscription).getMetadata();
    if (metadata.state === state) return;
  }
}
