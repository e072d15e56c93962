import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runHere } from '@records/cli/testing';
import { REPOSITORY } from '@records/stack';
import { type CommentOptions, writeComment } from '../src/comment.ts';
import { delivery } from '../src/program.ts';
import { missingStacks } from '../src/stacks.ts';
import { subjectOf } from '../src/subject.ts';
import { testsMarkdown } from '../src/tests.ts';

const CLI = join(REPOSITORY, 'apps', 'delivery', 'src', 'cli.ts');

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: (method: string, url: string, body: string) => [status: number, body: unknown]) {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [status, body] = answer(request.method ?? '', request.url ?? '', Buffer.concat(chunks).toString());
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

describe('the comment on a pull request', () => {
  const options = (api: string, text: string): CommentOptions => ({
    ...{ repository: 'owner/name', number: 7, marker: 'preview', token: 'x', api, text },
  });

  it('is written once, then replaced, and nobody can forge it', async () => {
    const sign = '<!-- records-platform: preview -->\n';
    const comments = [{ id: 1, body: `${sign}forged`, user: { type: 'User' } }];
    const api = await serve((method, url, body) => {
      const text = method === 'GET' ? '' : (JSON.parse(body) as { body: string }).body;
      if (method === 'POST') comments.push({ id: comments.length + 1, body: text, user: { type: 'Bot' } });
      const changed = comments.find(({ id }) => url.endsWith(`/comments/${id}`));
      if (method === 'PATCH' && changed) changed.body = text;
      return [200, comments];
    });
    expect(await writeComment(options(api, 'first'))).toBe('created');
    expect(await writeComment(options(api, 'second'))).toBe('updated');
    expect(comments.map(({ body }) => body)).toEqual([`${sign}forged`, `${sign}second`]);
  });

  it('that GitHub refuses is an error with the reason', async () => {
    const api = await serve(() => [403, { message: 'Resource not accessible by integration' }]);
    await expect(writeComment(options(api, 'x'))).rejects.toThrow('Resource not accessible by integration');
  });
});

describe('outputs of a step', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outputs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs `pnpm delivery` and answers the file that GITHUB_OUTPUT names. */
  async function outputsOf(...args: readonly string[]): Promise<string> {
    const GITHUB_OUTPUT = join(folder, 'outputs');
    writeFileSync(GITHUB_OUTPUT, '');
    await promisify(execFile)(process.execPath, [CLI, ...args], {
      env: { GITHUB_OUTPUT, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
    });
    return readFileSync(GITHUB_OUTPUT, 'utf8');
  }

  it('cannot be ended by their value', async () => {
    const file = join(folder, 'report.md');
    writeFileSync(file, 'a\nEOF\nimage=evil');
    const written = await outputsOf('output', '--file', file, '--name', 'report');
    const [first = '', ...lines] = written.trimEnd().split('\n');
    const end = first.replace('report<<', '');
    expect(end).toMatch(/[0-9a-f-]{36}$/);
    expect(lines).toEqual(['a', 'EOF', 'image=evil', end]);
  });

  it('name an image by its digest, and refuse a tag', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    expect(subjectOf(`host/p/api@${digest}`)).toEqual({ name: 'host/p/api', digest });
    expect(
      (await outputsOf('subject', '--image', `host/p/api@${digest}`)).match(/^(host|sha256).*$/gm),
    ).toEqual(['host/p/api', digest]);
    expect(() => subjectOf('host/p/api:v1')).toThrow('"host/p/api:v1" is not an image by its digest');
  });
});

describe('pnpm delivery', () => {
  it('shows on one screen an example of each verb', async () => {
    const { stdout } = await runHere(delivery, ['--help']);
    for (const verb of 'tests output subject address stacks comment workflows judges'.split(' ')) {
      expect(stdout).toMatch(new RegExp(`^  ${verb}\\b`, 'm'));
      const help = await runHere(delivery, [verb, '--help']);
      expect(help.stdout).toContain(`Example:\n  pnpm delivery ${verb}`);
    }
    expect(stdout.split('\n').length).toBeLessThan(27);
  });

  it.each([
    [['address', '-s', 'stagin'], 'Did you mean staging?'],
    [['comment', '--number', '0'], '"0" must be an integer from 1'],
    [['output'], "required option '--file <file>' not specified"],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { exitCode, stderr } = await runHere(delivery, args);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(2);
  });

  it('exits with code 2 as a process that was called wrongly', async () => {
    const run = promisify(execFile)(process.execPath, [CLI, 'output']);
    await expect(run).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('--file <file>') });
  });
});

describe('the results of the tests', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'figures-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('name each failure with its reason, and a file that does not load', async () => {
    const at = join(folder, 'apps', 'broken');
    mkdirSync(join(at, 'test'), { recursive: true });
    const header = `import { expect, it } from '@jest/globals';\n`;
    writeFileSync(join(at, 'package.json'), '{ "type": "module" }');
    writeFileSync(
      join(at, 'test', 'sums.test.ts'),
      `${header}it('adds', () => {});\nit('takes *away*', () => expect(1).toBe(2));\n`,
    );
    writeFileSync(join(at, 'test', 'whole.test.ts'), `${header}throw new Error('no such thing');\n`);
    symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'), 'junction');
    const args = [
      ...['--experimental-vm-modules', join(REPOSITORY, 'node_modules', 'jest', 'bin', 'jest.js')],
      ...['--config', join(REPOSITORY, 'jest.config.js')],
    ];
    await expect(promisify(execFile)(process.execPath, args, { cwd: at })).rejects.toMatchObject({ code: 1 });
    const text = testsMarkdown(folder);
    expect(text).toContain('| apps/broken | 1 | 2 | 0 |');
    expect(text).toMatch(
      /^- `apps\/broken\/test\/sums.test.ts` takes \\\*away\\\*: Error: expect\(received\)/m,
    );
    expect(text).toMatch(
      /^- `apps\/broken\/test\/whole.test.ts` \(the file does not load\): .*no such thing/m,
    );
  });
});

it('names each stack that is not set up, and the stack that waits for it', () => {
  const [STATE_URL_DEV, STATE_URL_PROD] = ['gs://dev', 'gs://prod'];
  expect(missingStacks({ STATE_URL_DEV, STATE_URL_STAGING: 'gs://staging', STATE_URL_PROD })).toBe('');
  expect(missingStacks({ STATE_URL_DEV, STATE_URL_STAGING: '', STATE_URL_PROD })).toMatch(
    /^staging is not set up .* STATE_URL_STAGING of the repository is empty, and nothing reaches prod without it/,
  );
  expect(missingStacks({ STATE_URL_DEV }).match(/is not set up/g)).toHaveLength(2);
  const all = { STATE_URL_DEV, STATE_URL_STAGING: 'gs://staging', STATE_URL_PROD };
  expect(missingStacks({ ...all, SIGNED_BY: 'owner/name' })).toBe('');
  expect(missingStacks({ ...all, SIGNED_BY: 'nobody' })).toContain('prod is deployed by hand');
});
