import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runHere } from '@records/cli/testing';
import { REPOSITORY } from '@records/stack';
import { ops } from '../src/program.ts';
import { verifyProvenance } from '../src/promote.ts';

const IMAGE = `southamerica-west1-docker.pkg.dev/example-dev/records/api@sha256:${'1'.repeat(64)}`;
const BUILT = 'https://slsa.dev/provenance/v1';
const INSIDE = 'https://spdx.dev/Document/v2.3';

// A program stands in for gh: it notes each call, and knows the given statements.
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gh-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function gh(signed: readonly string[]): string {
  const path = join(folder, 'gh');
  writeFileSync(
    path,
    `#!${process.execPath}
const args = process.argv.slice(2);
require('node:fs').appendFileSync(${JSON.stringify(join(folder, 'calls'))}, JSON.stringify(args) + '\\n');
process.exit(${JSON.stringify(signed)}.includes(args[args.indexOf('--predicate-type') + 1]) ? 0 : 1);
`,
  );
  chmodSync(path, 0o755);
  return path;
}

describe('an image is verified', () => {
  it('by how it was built and by what is inside, both signed by the deploy workflow of main', async () => {
    await verifyProvenance(IMAGE, 'owner/name', gh([BUILT, INSIDE]));
    const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
    expect(calls).toHaveLength(2);
    for (const call of calls) {
      expect(JSON.parse(call).join(' ')).toContain(
        '--signer-workflow owner/name/.github/workflows/deploy.yml --source-ref refs/heads/main --deny-self-hosted-runners',
      );
    }
    const workflow = readFileSync(join(REPOSITORY, '.github', 'workflows', 'deploy.yml'), 'utf8');
    expect(workflow).toContain(`predicate-type: ${INSIDE}`);
  });

  it.each([
    ['how it was built', [INSIDE]],
    ['what is inside', [BUILT]],
  ])('and refused when nobody has signed %s', async (_, signed) => {
    await expect(verifyProvenance(IMAGE, 'owner/name', gh(signed))).rejects.toThrow('ended with exit code 1');
  });

  it('by nobody where GitHub signs nothing, but only when that is said', async () => {
    await verifyProvenance(IMAGE, 'nobody', gh([]));
    expect(existsSync(join(folder, 'calls'))).toBe(false);
    for (const verb of ['promote', 'canary']) {
      const { exitCode, stderr } = await runHere(ops, [verb, IMAGE, '-s', 'dev', '--verify', '']);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: expect.stringContaining('"" must be OWNER/NAME, or nobody'),
      });
    }
  });
});
