import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { variablesFor } from '@records/infra/deployment';
import { COMMITTED_PLANS, planOf, planText, VARIATIONS, type Variation } from '@records/infra/plans';
import { conclude } from '../shared/report.ts';
import { CommandError } from '../shared/workshop.ts';
import { differencesOf } from './compare.ts';
import { Google } from './google.ts';
import { RealPulumi } from './real-pulumi.ts';

const SHOWN = 4_000;

const EVERYTHING = 'prod with everything';
const REVISION = 'records-api-00001-abc';
const SERVICE =
  'urn:pulumi:prod::records-platform::records:index:RecordsApi$gcp:cloudrunv2/service:Service::records-api';
const NEXT_IMAGE = `southamerica-west1-docker.pkg.dev/example-prod/records/api@sha256:${'1'.repeat(64)}`;

interface Update {
  readonly title: string;
  /** The operations expected, beside those that change nothing. */
  readonly expected: readonly string[];
  /** What the program is told; nothing in a bare `pulumi up`. */
  readonly told?: Readonly<Record<string, string>>;
  readonly options?: readonly string[];
}

/** A rollout as `pnpm ops` takes it. After each step a bare update changes nothing. */
function updatesOf(first: Readonly<Record<string, string>>, stableRevision: string): Update[] {
  const share = (canaryPercent: number) => variablesFor(undefined, { stableRevision, canaryPercent });
  const bare = (after: string): Update => ({ title: `a bare update after ${after}`, expected: [] });
  return [
    { title: 'first update', expected: ['create'], told: first },
    bare('it'),
    { title: 'update with a refresh', expected: [], options: ['--refresh'] },
    {
      title: 'start',
      expected: ['update'],
      told: variablesFor(NEXT_IMAGE, { stableRevision, canaryPercent: 0 }),
    },
    bare('start'),
    { title: '10 %', expected: ['update'], told: share(10) },
    bare('10 %'),
    { title: 'all', expected: ['update'], told: share(100) },
    bare('all'),
    { title: 'back', expected: ['update'], told: share(0), options: ['--refresh', '--target', SERVICE] },
    bare('back'),
  ];
}

/** Previews every stack by Pulumi's own engine and Google's own provider, compares with the plans of this repository, and updates the largest. */
export async function provePulumi(isRequired: boolean): Promise<void> {
  await using pulumi = await RealPulumi.open();
  const version = await versionOf(pulumi);
  if (version === undefined) {
    console.log('skipped: pulumi is not on PATH (https://www.pulumi.com/docs/install/)');
    return conclude(isRequired ? ['Pulumi is required, and not installed'] : []);
  }
  console.log(`pulumi ${version}`);
  const broken: string[] = [];
  for (const variation of VARIATIONS) broken.push(...(await judge(pulumi, variation)));
  broken.push(...(await judgeUpdates(pulumi)));
  for (const { file, project, stack } of COMMITTED_PLANS) {
    const { text } = await planText(project, stack, project.exampleSettings(stack));
    if (text !== (await readFile(file, 'utf8'))) broken.push(`${file} is old: run pnpm ops plan --write`);
  }
  conclude(broken);
}

/** Updates a stack that has everything, against a server that answers as Google does: first, again, with a refresh, and through a rollout. */
async function judgeUpdates(pulumi: RealPulumi): Promise<string[]> {
  const everything = VARIATIONS.find(({ name }) => name === EVERYTHING);
  if (!everything) throw new TypeError(`there is no variation "${EVERYTHING}"`);
  await using google = await Google.start();
  const config = { ...everything.config, ...google.settings, eventualConsistency: 'false' };
  const variation = { ...everything, config };
  const broken: string[] = [];
  for (const { title, expected, told = {}, options = [] } of updatesOf(everything.environment, REVISION)) {
    const changes = await pulumi.up({ ...variation, environment: told }, ...options);
    // The program reads its stack's own outputs each time.
    const kinds = Object.entries(changes).filter(([kind, count]) => count > 0 && kind !== 'read');
    console.log(
      `${`${EVERYTHING}, ${title}`.padEnd(60)}${kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')}`,
    );
    const changed = kinds.map(([kind]) => kind).filter((kind) => kind !== 'same');
    if (isDeepStrictEqual(changed, expected)) continue;
    broken.push(`${EVERYTHING}, ${title}: expected ${expected.join(' and ') || 'no change'}`);
  }
  return broken;
}

async function versionOf(pulumi: RealPulumi): Promise<string | undefined> {
  try {
    return await pulumi.version();
  } catch (error) {
    if (error instanceof CommandError && error.isMissing) return undefined;
    throw error;
  }
}

/** What is wrong with a stack; a sentence for each. */
async function judge(pulumi: RealPulumi, variation: Variation): Promise<string[]> {
  const { name, project, stack, config, environment } = variation;
  const print = (verdict: string) => console.log(`${name.padEnd(60)}${verdict}`);
  try {
    const previewed = await pulumi.preview(variation);
    const differences = differencesOf(await planOf(project, stack, config, environment), previewed);
    print(differences.length === 0 ? `passed: ${previewed.length} to create, as planned` : 'failed');
    return differences.map((difference) => `${name}: ${difference}`);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    print('failed');
    console.error(error.output.slice(-SHOWN));
    return [`${name}: Pulumi cannot preview it`];
  }
}
