import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { deployedStack } from '../../src/target/deployed-stack.ts';
import { withFolder } from '../support/folder.ts';

const outputs = {
  project: 'acme-dev',
  topic: 'projects/acme-dev/topics/records',
  table: 'acme-dev.records.records',
  deadLetterSubscription: 'projects/acme-dev/subscriptions/records-dead-letter',
};

/** A folder of infra with a command line in the place of Pulumi's, which needs a network and an account. */
function withPulumi<T>(script: string, use: (infra: string) => Promise<T>): Promise<T> {
  return withFolder(async (infra) => {
    const folder = join(infra, 'node_modules', 'pulumi');
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'pulumi', bin: { pulumi: 'run.js' } }),
    );
    await writeFile(join(folder, 'run.js'), script);
    return await use(infra);
  });
}

describe('a deployed stack', () => {
  it('is asked for by name, in the folder of the program', async () => {
    const script = `
      const path = require('node:path');
      const asked = [path.basename(path.dirname(path.dirname(__dirname))) === path.basename(process.cwd())];
      asked.push(process.argv.slice(2).join(' ') === 'stack output --json --stack dev');
      if (asked.every(Boolean)) console.log('${JSON.stringify(outputs)}');
    `;
    const target = await withPulumi(script, (infra) => deployedStack('dev', infra, {}));
    expect(target).toEqual({
      projectId: 'acme-dev',
      topic: outputs.topic,
      table: outputs.table,
      deadLetterSubscription: outputs.deadLetterSubscription,
      environment: {},
    });
  });

  it('that Pulumi does not know is refused with its words', async () => {
    const script = `console.error("error: no stack named 'dve' found"); process.exit(255);`;
    await expect(withPulumi(script, (infra) => deployedStack('dve', infra, {}))).rejects.toThrow(
      "Pulumi could not tell the outputs of stack dve: error: no stack named 'dve' found",
    );
  });

  it('without the outputs of this program is refused', async () => {
    const script = `console.log('{"url":"https://example.com"}');`;
    await expect(withPulumi(script, (infra) => deployedStack('dev', infra, {}))).rejects.toThrow(
      'stack dev has no stack output "project"',
    );
  });

  it('whose outputs are not JSON is refused', async () => {
    const script = `console.log('Please log in');`;
    await expect(withPulumi(script, (infra) => deployedStack('dev', infra, {}))).rejects.toThrow(
      'is not valid JSON',
    );
  });

  it('needs the Pulumi command line', async () => {
    await expect(withFolder((infra) => deployedStack('dev', infra, {}))).rejects.toThrow(
      expect.objectContaining({ wayOut: 'run `pnpm install`' }),
    );
  });

  it.each(['', '--help', 'dev; rm', '../dev', 'a/b/c/d'])('can not be named "%s"', async (name) => {
    await expect(deployedStack(name, '/nowhere', {})).rejects.toThrow('is not a name of a Pulumi stack');
  });

  it.each(['PUBSUB_EMULATOR_HOST', 'BIGQUERY_EMULATOR_HOST'])(
    'is not mistaken for what %s leads to',
    async (name) => {
      await expect(deployedStack('dev', '/nowhere', { [name]: '127.0.0.1:1' })).rejects.toThrow(
        `${name} is set, so stack dev would not be reached`,
      );
    },
  );
});
