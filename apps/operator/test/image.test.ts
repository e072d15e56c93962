import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '@records/stack';
import { basesOf, type Pinning, supportProblems } from '../src/base-images.ts';
import { publishImage } from '../src/image.ts';
import { FakePulumi } from './support/fake-pulumi.ts';

const DIGEST = `sha256:${'b'.repeat(64)}`;
const BASE_DIGEST = `sha256:${'c'.repeat(64)}`;
const REGISTRY = 'southamerica-west1-docker.pkg.dev/example-dev/records/api';

const BUILDER = 'node:24-trixie-slim';
const BASE = 'gcr.io/distroless/nodejs24-debian13:nonroot';

// A program stands in for Docker: it notes its arguments, and writes the documented files of `docker buildx build`. The
// tests of apps/api cover the content of the image.
let folder: string;
let dockerfile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docker-'));
  dockerfile = join(folder, 'Dockerfile');
  writeFileSync(dockerfile, `FROM ${BUILDER} AS build\nRUN x\nFROM ${BASE}\nCMD ["main.js"]\n`);
});

afterEach(() => rmSync(folder, { recursive: true }));

function docker(metadata: Record<string, unknown>, exitCode = 0, base = BASE_DIGEST): string {
  const path = join(folder, 'docker');
  writeFileSync(
    path,
    `#!${process.execPath}
const { writeFileSync } = require('node:fs');
const args = process.argv.slice(2);
if (args[1] === 'imagetools') {
  console.log(${JSON.stringify(base)});
  process.exit(0);
}
writeFileSync(${JSON.stringify(join(folder, 'asked.json'))}, JSON.stringify({ args, cwd: process.cwd() }));
writeFileSync(args[args.indexOf('--metadata-file') + 1], ${JSON.stringify(JSON.stringify(metadata))});
process.exit(${exitCode});
`,
  );
  chmodSync(path, 0o755);
  return path;
}

const options = (program: string, pinning: Pinning = 'missing') => ({
  ...{ docker: program, dockerfile, pinning },
});
const pushed = () => docker({ 'containerimage.digest': DIGEST });
const asked = () => (JSON.parse(readFileSync(join(folder, 'asked.json'), 'utf8')) as { args: string[] }).args;
const froms = () =>
  readFileSync(dockerfile, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('FROM'));

function stackOf(settings: Record<string, string>): FakePulumi {
  const pulumi = new FakePulumi();
  Object.assign(pulumi.settings, settings);
  return pulumi;
}

const DEV = { 'gcp:project': 'example-dev', 'gcp:region': 'southamerica-west1' };

describe('pnpm ops image', () => {
  it("pushes the API's image to the registry of the stack's project and leaves the stack's settings alone", async () => {
    const pulumi = stackOf(DEV);
    const image = await publishImage('dev', pulumi, options(pushed()));
    expect(image).toBe(`${REGISTRY}@${DIGEST}`);
    expect(pulumi.settings).toEqual(DEV);
    const args = asked();
    expect(args).toEqual(
      expect.arrayContaining(['--platform', 'linux/amd64', '--file', dockerfile, '--push']),
    );
    // GitHub attests instead: buildx would push two more versions a build, and the registry keeps fifty.
    expect(args).toEqual(expect.arrayContaining(['--provenance=false']));
    expect(args[args.indexOf('--tag') + 1]).toMatch(new RegExp(`^${REGISTRY}:[0-9a-f]{12}(-dirty)?$`));
  });

  it('writes the digest of each base into the Dockerfile once, and labels the image with its base and commit', async () => {
    await publishImage('dev', stackOf(DEV), options(pushed()));
    const pinned = [`FROM ${BUILDER}@${BASE_DIGEST} AS build`, `FROM ${BASE}@${BASE_DIGEST}`];
    expect(froms()).toEqual(pinned);
    expect(asked()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^org\.opencontainers\.image\.revision=[0-9a-f]{12}/),
        `org.opencontainers.image.base.name=${BASE}`,
        `org.opencontainers.image.base.digest=${BASE_DIGEST}`,
      ]),
    );
    expect(asked().join(' ')).not.toContain('image.source');

    const moved = docker({ 'containerimage.digest': DIGEST }, 0, `sha256:${'d'.repeat(64)}`);
    await publishImage('dev', stackOf(DEV), options(moved, 'frozen'));
    await publishImage('dev', stackOf(DEV), options(moved, 'missing'));
    expect(froms()).toEqual(pinned);
    await publishImage('dev', stackOf(DEV), options(moved, 'renew'));
    expect(froms()).toEqual(pinned.map((line) => line.replace(/c{64}/, 'd'.repeat(64))));
  });

  it('names the repository in a workflow of GitHub', async () => {
    const environment = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'owner/name' };
    await publishImage('dev', stackOf(DEV), { ...options(pushed()), environment });
    expect(asked()).toContain('org.opencontainers.image.source=https://github.com/owner/name');
  });

  it('builds nothing from a tag when it is frozen, without a digest, or from a variable', async () => {
    const pulumi = stackOf(DEV);
    const before = froms();
    await expect(publishImage('dev', pulumi, options(pushed(), 'frozen'))).rejects.toThrow(
      `the Dockerfile names ${BUILDER} without a digest, and its tag can move`,
    );
    const untold = docker({ 'containerimage.digest': DIGEST }, 0, 'latest');
    await expect(publishImage('dev', pulumi, options(untold))).rejects.toThrow(
      `"latest" is not a digest of ${BUILDER}`,
    );
    expect(froms()).toEqual(before);
    writeFileSync(dockerfile, ['FROM $', '{BASE}\n'].join(''));
    await expect(publishImage('dev', pulumi, options(pushed()))).rejects.toThrow('without variables');
    expect(existsSync(join(folder, 'asked.json'))).toBe(false);
    expect(pulumi.settings).toEqual(DEV);
  });

  it('sets nothing when the image is not built, or not pushed', async () => {
    const pulumi = stackOf(DEV);
    const fails = (program: string) => publishImage('dev', pulumi, options(program));
    await expect(fails(docker({}, 1))).rejects.toThrow('ended with exit code 1');
    await expect(fails(docker({}))).rejects.toThrow('printed no digest');
    await expect(fails(join(folder, 'nowhere'))).rejects.toThrow('is not installed');
    expect(pulumi.settings).toEqual(DEV);
  });

  it('names the setting to make for a stack without a project', async () => {
    const { 'gcp:region': region } = DEV;
    const pulumi = stackOf({ 'gcp:region': region });
    await expect(publishImage('dev', pulumi, options(docker({})))).rejects.toMatchObject({
      message: 'stack dev has no gcp:project',
      hint: 'set it: pnpm pulumi config set -s dev gcp:project …',
    });
  });
});

it('the Dockerfile names its bases as Dependabot reads them, and runs as a numbered user other than root', async () => {
  const file = join(REPOSITORY, 'apps', 'api', 'Dockerfile');
  const copy = join(folder, 'copy');
  copyFileSync(file, copy);
  const asked: string[] = [];
  const bases = await basesOf(copy, 'missing', async (name) => {
    asked.push(name);
    return DIGEST;
  });
  // The Node that runs the code also compiles it: another Node ignores the cache.
  expect(bases.map(({ name }) => name)).toEqual([BUILDER, BASE, BASE]);
  expect(asked).toEqual([BUILDER, BASE]);
  expect(readFileSync(file, 'utf8')).toMatch(/^USER 65532:65532$/m);
});

describe('the bases of the Dockerfile', () => {
  const bases = readFileSync(join(REPOSITORY, 'apps', 'api', 'Dockerfile'), 'utf8');

  it('have ninety days of support left', () => {
    expect(supportProblems(bases, new Date())).toEqual([]);
  });

  it('are refused ninety days before their support ends, and when nobody wrote down its end', () => {
    const distroless = 'gcr.io/distroless/nodejs24-debian13';
    expect(supportProblems(`FROM ${distroless}:nonroot`, new Date('2027-06-02'))).toEqual([]);
    expect(
      supportProblems(`FROM ${distroless}:nonroot@${DIGEST} AS compile`, new Date('2027-06-04')),
    ).toEqual([
      expect.stringMatching(/^gcr\.io\/distroless\/nodejs24-debian13 is supported until 2027-09-01 .*https:/),
    ]);
    expect(supportProblems('FROM gcr.io/distroless/nodejs24-debian12:nonroot', new Date(0))).toEqual([
      'nobody wrote down how long gcr.io/distroless/nodejs24-debian12 is supported: add it to SUPPORT in base-images.ts',
    ]);
  });
});
