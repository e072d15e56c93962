import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Plan } from '@records/local-cloud';
import { INFRA } from '@records/stack';
import { EVERYTHING, planBootstrap, planOf, ROLLOUT, resourceOf } from './support/plans.ts';

const ROOT = join(INFRA, '..');

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Cloud Run sets these itself. https://docs.cloud.google.com/run/docs/container-contract */
const FROM_CLOUD_RUN = ['PORT', 'K_SERVICE', 'K_REVISION'];
/** https://nodejs.org/api/cli.html#node_optionsoptions */
const READ_BY_NODE = ['NODE_OPTIONS'];
/** The image's own, which K_SERVICE stands for on Cloud Run. */
const FROM_IMAGE = ['HOST'];

let planned: Plan;

beforeAll(async () => {
  planned = await planOf('prod', EVERYTHING, ROLLOUT);
});

describe('the API and its Cloud Run resource', () => {
  const serviceInputs = () => resourceOf(planned, 'gcp:cloudrunv2/service:Service', 'records-api').inputs;

  it('agree on the environment variables: each one read is declared, and each one declared is read', () => {
    const { template } = serviceInputs() as { template: { containers: { envs: { name: string }[] }[] } };
    const declared = template.containers.flatMap(({ envs }) => envs.map(({ name }) => name));
    const source = read('apps/api/src/config.ts');
    const schema = source.slice(source.indexOf('const Environment'), source.indexOf('const VARIABLES'));
    const readByApi = [...schema.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name = '']) => name);
    const expected = readByApi
      .filter((name) => ![...FROM_CLOUD_RUN, ...FROM_IMAGE].includes(name))
      .concat(READ_BY_NODE);
    expect(declared.sort()).toEqual(expected.sort());
  });

  it('agree that an export may take as long as Cloud Run allows', () => {
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
  it('agree on the environment variables: each one read is declared, and each one declared is read', () => {
    const { template } = resourceOf(planned, 'gcp:cloudrunv2/job:Job', 'records-probe').inputs as {
      template: { template: { containers: { envs: { name: string }[] }[] } };
    };
    const declared = template.template.containers.flatMap(({ envs }) => envs.map(({ name }) => name));
    const source = read('apps/prober/src/config.ts');
    const schema = source.slice(source.indexOf('const Environment'), source.indexOf('export interface'));
    const readByProber = [...schema.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name = '']) => name);
    expect(readByProber.filter((name) => name !== 'CLOUD_RUN_JOB').sort()).toEqual(declared.sort());
  });

  it('agree on a program that the image has', () => {
    const inputs = JSON.stringify(resourceOf(planned, 'gcp:cloudrunv2/job:Job', 'records-probe').inputs);
    const [, program = ''] = /"args":\["([^"]+)"\]/.exec(inputs) ?? [];
    expect(read('apps/api/esbuild.config.ts')).toContain(`'${program}': '@records/prober/main'`);
  });
});

it('a program or a step of the documents reads each output of a stack', async () => {
  const bootstrap = await planBootstrap();
  const sources = globSync(
    [
      'apps/*/src/**/*.ts',
      'packages/stack/src/*.ts',
      'docs/{deploying,operating}.md',
      '.github/workflows/README.md',
    ],
    {
      cwd: ROOT,
    },
  ).map((file) => ({ text: read(file), isDocument: file.endsWith('.md') }));
  const isRead = (output: string) =>
    sources.some(({ text, isDocument }) => (isDocument ? isAskedFor(output, text) : isTaken(output, text)));
  const outputs = [planned, bootstrap].flatMap((declared) => Object.keys(declared.outputs));
  expect(outputs.length).toBeGreaterThan(10);
  expect(outputs.filter((output) => !isRead(output))).toEqual([]);
  // Common words that mean something else in most files.
  expect(['name', 'location', 'service', 'stack'].filter(isRead)).toEqual([]);
});

/** Whether a program reads the output, as a property or by destructuring. */
function isTaken(output: string, text: string): boolean {
  return new RegExp(
    [
      `\\b[oO]utputs\\.${output}\\b`,
      `\\{[^{}\\n]*\\b${output}\\b[^{}\\n]*\\} = (await deployedOutputs|outputs\\b)`,
    ].join('|'),
  ).test(text);
}

/** Whether a document tells a person to read it: by Pulumi's command, or by an unmistakable name. */
function isAskedFor(output: string, text: string): boolean {
  const named = /[A-Z]/.test(output) ? `|[\`=]${output}\\b` : '';
  return new RegExp(`\\bstack output ${output}\\b${named}`).test(text);
}
