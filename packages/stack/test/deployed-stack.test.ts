import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { deployedOutputs, deployedStack, INFRA, pulumiIn, REPOSITORY } from '@records/stack';
import { withFolder } from './support/folder.ts';

const outputs = {
  project: 'acme-dev',
  region: 'southamerica-west1',
  apiUrl: 'https://records.example.com',
  topic: 'projects/acme-dev/topics/records',
  table: 'acme-dev.records.records',
  deadLetterSubscription: 'projects/acme-dev/subscriptions/records-dead-letter',
  apiKeysSecret: 'projects/acme-dev/secrets/records-api-keys',
};

/** A folder of infra with a script in place of Pulumi's command line, which needs a network and an account. */
function withPulumi<T>(script: string, use: (infra: string) => Promise<T>): Promise<T> {
  return withFolder(async (infra) => {
    const folder = join(infra, 'node_modules', 'pulumi');
    await mkdir(folder, { recursive: true });
    const manifest = { name: 'pulumi', bin: { pulumi: 'run.js' } };
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
    await writeFile(join(folder, 'run.js'), script);
    return await use(infra);
  });
}

describe('a deployed stack', () => {
  it('reads its outputs from Pulumi, in the folder of the program', async () => {
    const script = `
      const asked = [require('node:path').basename(process.cwd()), ...process.argv.slice(2)].join(' ');
      console.log(JSON.stringify({ ...${JSON.stringify(outputs)}, revision: asked }));
    `;
    await withPulumi(script, async (infra) => {
      const found = await deployedOutputs('dev', pulumiIn(infra));
      expect(found.revision).toBe(`${basename(infra)} stack output --stack dev --json`);
      const { project: projectId, topic, table, deadLetterSubscription, apiKeysSecret } = outputs;
      expect(await deployedStack('dev', pulumiIn(infra), {})).toEqual({
        ...{ projectId, topic, table, deadLetterSubscription, apiKeysSecret },
        environment: {},
      });
    });
  });

  it('reads its outputs although the first run of the command line installs it and prints that', async () => {
    const script = `
      const { existsSync, writeFileSync } = require('node:fs');
      if (!existsSync('installed')) console.log('=== Installing Pulumi ===');
      writeFileSync('installed', '');
      if (process.argv[2] !== 'version') console.log(JSON.stringify(${JSON.stringify(outputs)}));
    `;
    const found = await withPulumi(script, (infra) => deployedOutputs('dev', pulumiIn(infra)));
    expect(found).toEqual(outputs);
  });

  it.each([
    [
      'is unknown to Pulumi',
      `if (process.argv[2] === 'version') process.exit(0);
       console.error("error: no stack named 'dev' found"); process.exit(255);`,
      "error: no stack named 'dev' found",
    ],
    [
      'has no outputs of this program',
      `console.log('{"url":"https://example.com"}');`,
      'stack output "project" of stack dev is missing; it must read PROJECT',
    ],
    ['answers no JSON', `console.log('Please log in');`, 'did not answer in JSON: Please log in'],
  ])('that %s is refused with the reason', async (_, script, reason) => {
    const reading = withPulumi(script, (infra) => deployedStack('dev', pulumiIn(infra), {}));
    await expect(reading).rejects.toThrow(reason);
  });

  it('says what to do when the command line cannot be installed', async () => {
    const reading = withPulumi('process.exit(1)', (infra) => deployedStack('dev', pulumiIn(infra), {}));
    await expect(reading).rejects.toMatchObject({
      message: expect.stringContaining('the Pulumi command line cannot be installed'),
      hint: expect.stringContaining('check the network, then run `pnpm pulumi version`'),
    });
  });

  (process.platform === 'win32' ? it.skip : it)(
    'is asked by pnpm pulumi without a word of an installer among the answer',
    async () => {
      const { version } = JSON.parse(
        await readFile(join(INFRA, 'node_modules', 'pulumi', 'package.json'), 'utf8'),
      ) as { version: string };
      await withFolder(async (home) => {
        const bin = join(home, 'versions', version, 'bin');
        await mkdir(bin, { recursive: true });
        await writeFile(join(bin, 'pulumi'), '#!/bin/sh\necho "=== Installing Pulumi ==="\n', {
          mode: 0o755,
        });
        const { scripts } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as {
          scripts: { pulumi: string };
        };
        const [, first = '', then] = /^node (\S+) && (.*)$/.exec(scripts.pulumi) ?? [];
        expect(then).toBe('pnpm --dir infra exec pulumi');
        const env = { ...process.env, PULUMI_HOME: home };
        const installed = await promisify(execFile)(process.execPath, [join(REPOSITORY, first)], { env });
        expect(installed.stdout).toBe('');
      });
    },
  );

  it('needs the Pulumi command line', async () => {
    await expect(withFolder((infra) => pulumiIn(infra).run(['up']))).rejects.toThrow(
      expect.objectContaining({ hint: 'run `pnpm install`' }),
    );
  });

  it.each(['PUBSUB_EMULATOR_HOST', 'BIGQUERY_EMULATOR_HOST'])('is refused while %s is set', async (name) => {
    await expect(deployedStack('dev', pulumiIn('/nowhere'), { [name]: '127.0.0.1:1' })).rejects.toThrow(
      `${name} is set, so stack dev would not be reached`,
    );
  });
});
