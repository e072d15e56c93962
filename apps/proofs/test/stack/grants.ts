import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { problemsOf } from '@records/seeder';
import { exercise } from '../../src/grants/exercise.ts';
import { grantProblems, grantsText, grantUses } from '../../src/grants/report.ts';
import { REPOSITORY } from '../../src/shared/paths.ts';
import { getUntil } from './requests.ts';
import { seedHere, stack, warnings } from './shared.ts';

const API = 'serviceAccount:records-api@records-local.iam.gserviceaccount.com';
/** The API's role on the dataset of its lists. */
const LIST_WRITER = 'projects/records-local/roles/recordsListWriter';
const SEEDER = 'serviceAccount:seeder@records-local.iam.gserviceaccount.com';

describe('the grants of the program', () => {
  beforeAll(async () => {
    const { iam } = stack.cloud;
    // Forgets what other tests used. The deployment alone reads the secret.
    for (const grant of iam.grants()) {
      if (grant.role === 'roles/secretmanager.secretAccessor') continue;
      iam.revoke(grant);
      iam.grant(grant);
    }
    warnings.length = 0;
    await exercise(stack, AbortSignal.timeout(120_000));
  }, 180_000);

  it('every grant of the program is used by records on their way, or has a reason', () => {
    const uses = grantUses(stack.cloud.iam);
    expect(grantProblems(uses)).toEqual([]);
    expect(uses.map(({ role, used }) => [role, ...used])).toEqual([
      ['roles/bigquery.dataViewer', 'bigquery.tables.getData'],
      ['roles/bigquery.jobUser', 'bigquery.jobs.create'],
      [LIST_WRITER, 'bigquery.tables.create', 'bigquery.tables.getData'],
      ['roles/bigquery.dataViewer', 'bigquery.tables.get'],
      ['roles/bigquery.dataViewer', 'bigquery.tables.get', 'bigquery.tables.getData'],
      ['roles/bigquery.jobUser', 'bigquery.jobs.create'],
      ['roles/secretmanager.secretAccessor', 'secretmanager.versions.access'],
      ['roles/run.invoker'],
      ['roles/bigquery.dataViewer', 'bigquery.tables.getData'],
      ['roles/bigquery.jobUser', 'bigquery.jobs.create'],
      ['roles/pubsub.publisher', 'pubsub.topics.publish'],
      ['roles/pubsub.publisher', 'pubsub.topics.publish'],
      ['roles/bigquery.dataEditor', 'bigquery.tables.get', 'bigquery.tables.updateData'],
      ['roles/bigquery.dataEditor', 'bigquery.tables.get', 'bigquery.tables.updateData'],
      ['roles/pubsub.publisher', 'pubsub.topics.publish'],
      ['roles/pubsub.subscriber', 'pubsub.subscriptions.consume'],
    ]);
    expect(warnings).toEqual([]);
  });

  it('a wider grant beside a used one is an unused grant', async () => {
    const { iam } = stack.cloud;
    const wider = { role: 'roles/bigquery.admin', resource: 'projects/records-local', member: API };
    iam.grant(wider);
    await exercise(stack, AbortSignal.timeout(120_000));
    expect(grantProblems(grantUses(iam))).toEqual([
      `nothing used roles/bigquery.admin on projects/records-local to ${API}: remove it, or give a reason in apps/proofs/src/grants/report.ts`,
    ]);
    expect(grantsText(grantUses(iam))).toContain(
      '  roles/bigquery.admin on projects/records-local\n    not used: no',
    );
    iam.revoke(wider);
  }, 120_000);

  it('pnpm seed publishes as the account that the stack names, and names the missing role without its grant', async () => {
    const { iam } = stack.cloud;
    const held = iam.grants().find(({ member }) => member === SEEDER);
    if (!held) throw new Error('the program grants the seeder nothing');
    expect(stack.seedTarget.publisher?.member).toBe(SEEDER);
    expect(await seed()).toMatchObject({ exitCode: 0, stderr: '' });

    iam.revoke(held);
    const missing = `grant roles/pubsub.publisher on ${stack.outputs.topic}, or above it, to ${SEEDER}`;
    const { exitCode, stdout, stderr } = await seed();
    expect([exitCode, stdout]).toEqual([1, expect.stringMatching(/^sent {4}0 of 20 /m)]);
    expect(stderr).toContain(
      `20: 7 PERMISSION_DENIED: User not authorized to perform this action. [${missing}]`,
    );
    expect(warnings).toContain(`${SEEDER} lacks pubsub.topics.publish on ${stack.outputs.topic}: ${missing}`);

    iam.grant(held);
    expect(problemsOf(await seedHere(20))).toEqual([]);
  }, 120_000);

  it.each([
    [
      'roles/bigquery.jobUser',
      'bigquery.jobs.create on projects/records-local: grant roles/bigquery.jobUser',
    ],
    [
      'roles/bigquery.dataViewer',
      'bigquery.tables.getData on projects/records-local/datasets/records/tables/records: grant roles/bigquery.dataViewer',
    ],
  ])(
    'without %s the API reveals nothing in its error, and the log names the missing role',
    async (role, expected) => {
      const { iam } = stack.cloud;
      // Not the one on the amendments, which the API may read beside the records.
      const held = iam
        .grants()
        .find(
          ({ member, resource, ...grant }) =>
            member === API && grant.role === role && !resource.endsWith('/amendments'),
        );
      if (!held) throw new Error(`the program does not grant ${role}`);
      iam.revoke(held);
      const id = `grants-${role.replaceAll(/\W/g, '-')}`;
      const response = await fetch(`${stack.outputs.apiUrl}/records/${id}`);
      const problem = (await response.json()) as { type: string };
      expect([response.status, problem.type]).toEqual([500, '/problems#internal-error']);
      expect(JSON.stringify(problem)).not.toMatch(/bigquery|serviceAccount/i);
      expect(warnings).toContainEqual(expect.stringContaining(`${API} lacks ${expected}`));
      iam.grant(held);
      await getUntil(`${stack.outputs.apiUrl}/records/${id}`, 404);
    },
    60_000,
  );

  it('without its role on the dataset of lists the API makes none, and the log names what is missing', async () => {
    const { iam } = stack.cloud;
    const held = iam.grants().find(({ role }) => role === LIST_WRITER);
    if (!held) throw new Error(`the program does not grant ${LIST_WRITER}`);
    iam.revoke(held);
    try {
      await seedHere(1);
      const missing = `${API} lacks bigquery.tables.create on projects/records-local/datasets/records_scratch: grant `;
      // On a slow machine, the API makes lists less often: they may take a share of its time only.
      while (!warnings.some((warning) => warning.startsWith(missing))) {
        await (await fetch(`${stack.outputs.apiUrl}/records?limit=1`)).text();
        await setImmediate();
      }
    } finally {
      iam.grant(held);
    }
    await getUntil(`${stack.outputs.apiUrl}/records?limit=1`, 200);
  }, 240_000);
});

/** Runs `pnpm seed` on this stack. */
async function seed(): Promise<{ exitCode: unknown; stdout: string; stderr: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'grants-'));
  try {
    const file = join(folder, 'stack.json');
    await writeFile(file, JSON.stringify(stack.description));
    const cli = join(REPOSITORY, 'apps', 'seeder', 'src', 'cli.ts');
    const args = [cli, '--stack-file', file, '--count', '20'];
    return await promisify(execFile)(process.execPath, args, { env: {} }).then(
      (output) => ({ exitCode: 0, ...output }),
      ({ code, stdout, stderr }) => ({ exitCode: code, stdout, stderr }),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}
