import { afterEach, describe, expect, it } from '@jest/globals';
import { dev } from '../src/program.ts';

afterEach(() => {
  delete process.env.PUBSUB_PORT;
});

async function outputOf(args: readonly string[]): Promise<string> {
  let output = '';
  const write = (text: string) => {
    output += text;
  };
  dev.configureOutput({ writeOut: write, writeErr: write });
  await expect(dev.parseAsync(args, { from: 'user' })).rejects.toThrow();
  return output;
}

describe('pnpm dev', () => {
  it('describes its options and variables, with an example', async () => {
    const help = await outputOf(['--help']);
    expect(help).toContain('Usage: pnpm dev [options]');
    expect(help).toContain('Example:\n  pnpm dev --chaos');
    for (const variable of ['API_PORT', 'PUBSUB_PORT', 'BIGQUERY_PORT']) expect(help).toContain(variable);
  });

  it('names the variable of a bad port', async () => {
    process.env.PUBSUB_PORT = '65536';
    expect(await outputOf([])).toContain(
      `value '65536' from env 'PUBSUB_PORT' is invalid. "65536" must be an integer from 0 to 65535`,
    );
  });
});
