import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DeploymentError } from '../../src/pulumi/deployment-error.ts';
import { readProject } from '../../src/pulumi/project.ts';
import { readStackConfig } from '../../src/pulumi/stack-config.ts';

const PROJECT = `
name: shop
runtime: { name: nodejs, options: { typescript: false, nodeargs: "--trace-warnings  --no-deprecation" } }
config:
  gcp:region: { value: southamerica-west1 }
  image: { type: string, description: Image of the API. }
  replicas: { type: integer, default: 2 }
  public: { type: boolean, default: false }
  members: { type: array, items: { type: string }, default: [] }
  limits: { type: object, default: { cpu: 1 } }
  token: { type: string, secret: true, default: none }
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function config(stackFile: string, overrides: Record<string, string> = {}, projectFile = PROJECT) {
  await writeFile(join(folder, 'Pulumi.yaml'), projectFile);
  await writeFile(join(folder, 'Pulumi.test.yaml'), stackFile);
  return readStackConfig(await readProject(folder), 'test', overrides);
}

/** The messages of the DeploymentError that the promise rejects with. */
async function problemsOf(promise: Promise<unknown>): Promise<string[]> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DeploymentError)) throw new Error(`expected a DeploymentError, got ${error}`);
  return error.problems.map(({ message }) => message.replaceAll(/\S*config-[^/]+\//g, ''));
}

describe('the configuration of a stack', () => {
  it('is what the stack file says, with the defaults and values of Pulumi.yaml', async () => {
    const { values, secretKeys } = await config(
      'config: { gcp:project: p, shop:image: host/api:1, replicas: 3 }',
    );
    expect(values).toEqual({
      'gcp:project': 'p',
      'gcp:region': 'southamerica-west1',
      'shop:image': 'host/api:1',
      'shop:replicas': '3',
      'shop:public': 'false',
      'shop:members': '[]',
      'shop:limits': '{"cpu":1}',
      'shop:token': 'none',
    });
    expect(secretKeys).toEqual(['shop:token']);
  });

  it('may be given without a stack file, and overrides it', async () => {
    await writeFile(join(folder, 'Pulumi.yaml'), PROJECT);
    const project = await readProject(folder);
    expect((await readStackConfig(project, 'other', { image: 'a/b:1' })).values['shop:image']).toBe('a/b:1');
    const overridden = await config('config: { shop:image: a/b:1 }', { 'shop:image': 'a/b:2' });
    expect(overridden.values['shop:image']).toBe('a/b:2');
  });

  it('lists every mistake at once, each with the setting and the command', async () => {
    const problems = await problemsOf(
      config(`config:
  shop:replicas: many
  shop:public: "yes"
  shop:members: [1]
  shop:limits: text
  shop:replcas: 3
  gcp:anything: goes`),
    );
    expect(problems).toEqual([
      'shop:replcas is not a setting of this project: Pulumi.yaml declares shop:image, shop:replicas, shop:public, shop:members, shop:limits, shop:token. Correct the name, or declare it under config: in Pulumi.yaml.',
      'stack "test" has no value for shop:image (Image of the API.). To set it, run "pulumi config set -s test image VALUE", or write it under config: in Pulumi.test.yaml.',
      'shop:replicas of stack "test" is "many": it must be an integer. To set it, run "pulumi config set -s test replicas VALUE", or write it under config: in Pulumi.test.yaml.',
      'shop:public of stack "test" is "yes": it must be true or false. To set it, run "pulumi config set -s test public VALUE", or write it under config: in Pulumi.test.yaml.',
      'shop:members of stack "test" is "[1]": it must be an array of string. To set it, write it under config: in Pulumi.test.yaml.',
      'shop:limits of stack "test" is "text": it must be an object. To set it, write it under config: in Pulumi.test.yaml.',
    ]);
  });

  it('cannot come from a file that only the Pulumi CLI can decrypt', async () => {
    expect(await problemsOf(config('config: { shop:image: { secure: v1:abc } }'))).toEqual([
      'shop:image of stack "test" is encrypted, and the local cloud has no key to decrypt it. Use a stack of its own for the local cloud, with a plain value in Pulumi.test.yaml.',
    ]);
    expect(await problemsOf(config('environment: [dev]'))).toEqual([
      'Pulumi.test.yaml: environment: the local cloud cannot open Pulumi ESC environments',
    ]);
  });

  it('never shows a secret', async () => {
    const secretInteger = 'name: s\nruntime: nodejs\nconfig: { pin: { type: integer, secret: true } }';
    const [problem] = await problemsOf(config('config: { s:pin: hunter2 }', {}, secretInteger));
    expect(problem).toContain('s:pin of stack "test" is [secret]: it must be an integer');
  });

  it('is not checked for a project that declares none', async () => {
    const { values } = await config('config: { s:anything: 1 }', {}, 'name: s\nruntime: nodejs');
    expect(values).toEqual({ 's:anything': '1' });
  });
});

describe('Pulumi.yaml', () => {
  const read = async (content: string) => {
    await writeFile(join(folder, 'Pulumi.yaml'), content);
    return readProject(folder);
  };

  it('says how the program runs', async () => {
    await writeFile(join(folder, 'program.ts'), '');
    const project = await read(`${PROJECT}\nmain: program.ts`);
    expect(project).toMatchObject({
      name: 'shop',
      directory: folder,
      workingDirectory: folder,
      entryPoint: 'program.ts',
      typescript: false,
      nodeArguments: ['--trace-warnings', '--no-deprecation'],
    });
    expect(await read('name: s\nruntime: nodejs')).toMatchObject({ entryPoint: '.', typescript: true });
  });

  it.each([
    [
      'name: s\nruntime: python',
      'Pulumi.yaml: runtime is "python": the local cloud runs nodejs programs only',
    ],
    ['runtime: nodejs', 'Pulumi.yaml: name is required'],
    [
      'name: s\nruntime: nodejs\nmain: ../x.ts',
      'Pulumi.yaml: main is "../x.ts": it must be a path below the project\'s folder',
    ],
    ['name: s\nruntime: nodejs\nmain: x.ts', 'Pulumi.yaml: main is "x.ts": there is no such file or folder'],
    [
      'name: s\nruntime: nodejs\nconfig: { a: { value: 1, default: 2 } }',
      'Pulumi.yaml: config.a has both a value and a default: keep one',
    ],
    [
      'name: s\nruntime: nodejs\nconfig: { gcp:region: { type: string } }',
      'Pulumi.yaml: config.gcp:region belongs to another namespace: it can only have a value',
    ],
    [
      'name: s\nruntime: nodejs\nconfig: { a: { type: text } }',
      'Pulumi.yaml: config.a.type must be "string" or "integer" or "boolean" or "array" or "object", not "text"',
    ],
  ])('is refused when it says %j', async (content, message) => {
    expect(await problemsOf(read(content))).toEqual([message]);
  });

  it('is refused when it is not there, or not YAML', async () => {
    expect(await problemsOf(readProject(folder))).toEqual([
      'Pulumi.yaml: no such file, so this is not a Pulumi project',
    ]);
    const [problem] = await problemsOf(read('name: [s'));
    expect(problem).toContain('Pulumi.yaml: is not YAML: ');
  });
});
