import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Plan, plan } from '@records/local-cloud';
import { INFRA } from '@records/stack';
import { EVERYTHING, planBootstrap, planOf, resourceOf } from './support/plans.ts';

const ROOT = join(INFRA, '..');

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Set by Cloud Run itself. https://docs.cloud.google.com/run/docs/container-contract */
const FROM_CLOUD_RUN = ['PORT', 'K_SERVICE', 'K_REVISION'];
/** https://nodejs.org/api/cli.html#node_optionsoptions */
const READ_BY_NODE = ['NODE_OPTIONS'];

let planned: Plan;

beforeAll(async () => {
  planned = await planOf('prod', EVERYTHING);
}, 120_000);

describe('the API and its Cloud Run resource', () => {
  const serviceInputs = () => resourceOf(planned, 'gcp:cloudrunv2/service:Service', 'records-api').inputs;

  it('agree on the environment variables: each that is read is declared, and each that is declared is read', () => {
    const { template } = serviceInputs() as { template: { containers: { envs: { name: string }[] }[] } };
    const declared = template.containers.flatMap(({ envs }) => envs.map(({ name }) => name));
    const source = read('apps/api/src/config.ts');
    const schema = source.slice(source.indexOf('const Environment'), source.indexOf('const VARIABLES'));
    const readByApi = [...schema.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name = '']) => name);
    const expected = readByApi.filter((name) => !FROM_CLOUD_RUN.includes(name)).concat(READ_BY_NODE);
    expect(declared.sort()).toEqual(expected.sort());
  });

  it('agree that an export may take as long as a service can let it', () => {
    const { template } = serviceInputs() as { template: { timeout: string } };
    // https://docs.cloud.google.com/run/docs/configuring/request-timeout
    expect(template.timeout).toBe('3600s');
    expect(read('apps/api/src/routes/record-exports.ts')).toContain('in one response of any length');
  });

  it('agree on the paths of the probes', () => {
    const paths = [...JSON.stringify(serviceInputs()).matchAll(/"path":"(\/[^"]+)"/g)].map(
      ([, path]) => path,
    );
    expect(paths.sort()).toEqual(['/health/live', '/health/ready']);
    for (const path of paths) expect(read('apps/api/src/routes/health.ts')).toContain(`'${path}'`);
  });
});

describe('the prober and its Cloud Run job', () => {
  it('agree on the environment variables: each that is read is declared, and each that is declared is read', () => {
    const { template } = resourceOf(planned, 'gcp:cloudrunv2/job:Job', 'records-probe').inputs as {
      template: { template: { containers: { envs: { name: string }[] }[] } };
    };
    const declared = template.template.containers.flatMap(({ envs }) => envs.map(({ name }) => name));
    const source = read('apps/prober/src/config.ts');
    const schema = source.slice(source.indexOf('const Environment'), source.indexOf('export interface'));
    const readByProber = [...schema.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name = '']) => name);
    expect(readByProber.filter((name) => name !== 'CLOUD_RUN_JOB').sort()).toEqual(declared.sort());
  });

  it('agree on the program, which the image has', () => {
    const inputs = JSON.stringify(resourceOf(planned, 'gcp:cloudrunv2/job:Job', 'records-probe').inputs);
    const [, program = ''] = /"args":\["([^"]+)"\]/.exec(inputs) ?? [];
    expect(read('apps/api/esbuild.config.ts')).toContain(`'${program}': '@records/prober/main'`);
  });
});

it('each output of a stack is read by a program of this repository, or by a step of the documents', async () => {
  const bootstrap = await planBootstrap();
  const sources = globSync(
    ['apps/*/src/**/*.ts', 'packages/stack/src/*.ts', 'docs/{deploying,operating}.md'],
    {
      cwd: ROOT,
    },
  ).map((file) => ({ text: read(file), isDocument: file.endsWith('.md') }));
  const isRead = (output: string) =>
    sources.some(({ text, isDocument }) => (isDocument ? isAskedFor(output, text) : isTaken(output, text)));
  const outputs = [planned, bootstrap].flatMap((declared) => Object.keys(declared.outputs));
  expect(outputs.length).toBeGreaterThan(10);
  expect(outputs.filter((output) => !isRead(output))).toEqual([]);
  // Words that every other file has in some other sense.
  expect(['name', 'location', 'service', 'stack', 'image'].filter(isRead)).toEqual([]);
}, 120_000);

/** By a program: as a property of outputs, or by destructuring them. */
function isTaken(output: string, text: string): boolean {
  return new RegExp(
    [
      `\\b[oO]utputs\\.${output}\\b`,
      `\\{[^{}\\n]*\\b${output}\\b[^{}\\n]*\\} = (await deployedOutputs|outputs\\b)`,
    ].join('|'),
  ).test(text);
}

/** By a person: with Pulumi's command, or by a name that can mean nothing else. */
function isAskedFor(output: string, text: string): boolean {
  const named = /[A-Z]/.test(output) ? `|\`${output}\`` : '';
  return new RegExp(`\\bstack output ${output}\\b${named}`).test(text);
}

it('a resource type that is not in the table of the local engine stops a plan', async () => {
  // Every type that a stack declares is in that table, since its plan is made: infra/plans lists them.
  await expect(
    plan({ projectDir: join(import.meta.dirname, 'unknown-type'), stack: 'test' }),
  ).rejects.toThrow('gcp:serviceaccount/key:Key "key": the local cloud does not know this resource type');
}, 120_000);
