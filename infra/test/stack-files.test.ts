import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { INFRA, settingsFile } from '@records/stack';
import { parseDocument, visit } from 'yaml';

const read = (folder: string, file: string) => readFileSync(join(folder, file), 'utf8');

/** The file as `pulumi config set` writes it anew: each scalar a text, in quotes where YAML would read another type. */
function asPulumiWrites(text: string): string {
  const document = parseDocument(text);
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value === 'string') return;
      node.value = String(node.value);
      node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** Pulumi's command line, if it is installed. The one that npm installs would download itself first. */
const cli = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((directory) => !directory.includes('node_modules'))
  .map((directory) => join(directory, 'pulumi'))
  .find((path) => existsSync(path));

describe.each(globSync('Pulumi.*.yaml', { cwd: INFRA }))('%s', (file) => {
  const stack = file.split('.')[1] ?? '';
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stack-file-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is as Pulumi writes it, so the first setting changes one line', () => {
    expect(read(INFRA, file)).toBe(asPulumiWrites(read(INFRA, file)));
  });

  it('holds nothing that a deployment decides', () => {
    const decided = Object.keys(settingsFile(stack)).filter((key) =>
      /:(image|stableRevision|canaryPercent)$/.test(key),
    );
    expect(decided).toEqual([]);
  });

  (cli ? it : it.skip)("stays the same, byte for byte, when Pulumi's command line sets what is set", () => {
    for (const name of ['Pulumi.yaml', file]) copyFileSync(join(INFRA, name), join(folder, name));
    const state = join(folder, 'state');
    mkdirSync(state);
    const environment = {
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_HOME: join(folder, 'home'),
      PULUMI_CONFIG_PASSPHRASE: '',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
    };
    const pulumi = (...args: string[]) => {
      const { status, stderr } = spawnSync(cli ?? '', args, {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, ...environment },
      });
      expect([status, stderr]).toEqual([0, expect.any(String)]);
    };
    pulumi('stack', 'init', stack);
    for (const [key, value = ''] of Object.entries(settingsFile(stack))) {
      if (!value.includes(':')) pulumi('config', 'set', '--stack', stack, key, value);
    }
    // The key of this test's secrets.
    expect(read(folder, file).replace(/^encryptionsalt: .*\n/m, '')).toBe(read(INFRA, file));
  });
});
