import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { publishImage } from '../tools/image.ts';
import { SettingsOnly } from './support/settings-only.ts';

const DIGEST = `sha256:${'b'.repeat(64)}`;
const BASE_DIGEST = `sha256:${'c'.repeat(64)}`;
const REGISTRY = 'southamerica-west1-docker.pkg.dev/example-dev/records/api';

// No Docker engine runs where the tests do: a program in its place notes what it is asked for, and writes what
// `docker buildx build` documents. What the image holds is tested in apps/api.
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docker-'));
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

function stackOf(settings: Record<string, string>): SettingsOnly {
  const pulumi = new SettingsOnly();
  Object.assign(pulumi.settings, settings);
  return pulumi;
}

const DEV = { 'gcp:project': 'example-dev', 'gcp:region': 'southamerica-west1' };

describe('pnpm image', () => {
  it("pushes the API's image to the registry of the stack's project and sets it by its digest", async () => {
    const pulumi = stackOf(DEV);
    const image = await publishImage('dev', pulumi, docker({ 'containerimage.digest': DIGEST }));
    expect(image).toBe(`${REGISTRY}@${DIGEST}`);
    expect(pulumi.settings.image).toBe(image);
    const { args } = JSON.parse(readFileSync(join(folder, 'asked.json'), 'utf8')) as { args: string[] };
    expect(args).toEqual(
      expect.arrayContaining(['--platform', 'linux/amd64', '--file', 'apps/api/Dockerfile', '--push']),
    );
    expect(args[args.indexOf('--tag') + 1]).toMatch(new RegExp(`^${REGISTRY}:[0-9a-f]{12}(-dirty)?$`));
  });

  it('builds from images by their digests, and labels the image with what it was made of', async () => {
    await publishImage('dev', stackOf(DEV), docker({ 'containerimage.digest': DIGEST }));
    const { args } = JSON.parse(readFileSync(join(folder, 'asked.json'), 'utf8')) as { args: string[] };
    const base = 'gcr.io/distroless/nodejs24-debian12:nonroot';
    expect(args).toEqual(
      expect.arrayContaining([
        expect.stringMatching(`^BUILD_IMAGE=node:24-[a-z-]+@${BASE_DIGEST}$`),
        `RUNTIME_IMAGE=${base}@${BASE_DIGEST}`,
        expect.stringMatching(/^org\.opencontainers\.image\.revision=[0-9a-f]{12}/),
        `org.opencontainers.image.base.name=${base}`,
        `org.opencontainers.image.base.digest=${BASE_DIGEST}`,
      ]),
    );
  });

  it('builds nothing from an image whose digest is not known', async () => {
    const pulumi = stackOf(DEV);
    const untold = docker({ 'containerimage.digest': DIGEST }, 0, 'latest');
    await expect(publishImage('dev', pulumi, untold)).rejects.toThrow(
      /told no digest of node:24-.*, which the image is built from: "latest"/,
    );
    expect(pulumi.settings).toEqual(DEV);
  });

  it('sets nothing when the image is not built, or not pushed', async () => {
    const pulumi = stackOf(DEV);
    await expect(publishImage('dev', pulumi, docker({}, 1))).rejects.toThrow('ended with exit code 1');
    await expect(publishImage('dev', pulumi, docker({}))).rejects.toThrow('told no digest');
    await expect(publishImage('dev', pulumi, join(folder, 'nowhere'))).rejects.toThrow('is not installed');
    expect(pulumi.settings).toEqual(DEV);
  });

  it('says what to set for a stack without a project', async () => {
    const { 'gcp:region': region } = DEV;
    const pulumi = stackOf({ 'gcp:region': region });
    await expect(publishImage('dev', pulumi, docker({}))).rejects.toThrow(
      'stack dev has no gcp:project: pnpm pulumi config set -s dev gcp:project …',
    );
  });
});
