import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CommentOptions, writeComment } from '../src/github/comment.ts';
import { outputLines, subjectOf } from '../src/github/outputs.ts';
import { policiesMarkdown } from '../src/github/policies.ts';
import { missingStacks } from '../src/github/stacks.ts';
import { testsMarkdown } from '../src/github/tests.ts';
import { REPOSITORY } from '../src/paths.ts';

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
    response.statusCode = status;
    response.end(JSON.stringify(body));
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

describe('the comment on a pull request', () => {
  const options = (api: string, text: string): CommentOptions => ({
    ...{ repository: 'owner/name', number: 7, marker: 'preview', token: 'x', api, text },
  });

  it('is written once, then replaced, and nobody else can pass theirs for it', async () => {
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

  it('that GitHub refuses is an error with its reason', async () => {
    const api = await serve(() => [403, { message: 'Resource not accessible by integration' }]);
    await expect(writeComment(options(api, 'x'))).rejects.toThrow('Resource not accessible by integration');
  });
});

describe('outputs of a step', () => {
  it('can not be ended by their value', () => {
    const [first = '', ...lines] = outputLines({ report: 'a\nEOF\nimage=evil' }).trimEnd().split('\n');
    const end = first.replace('report<<', '');
    expect(end).toMatch(/^end-[0-9a-f-]{36}$/);
    expect(lines).toEqual(['a', 'EOF', 'image=evil', end]);
  });

  it('name an image by its digest, and refuse a tag', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    expect(subjectOf(`host/p/api@${digest}`)).toEqual({ name: 'host/p/api', digest });
    expect(() => subjectOf('host/p/api:v1')).toThrow('"host/p/api:v1" is not an image by its digest');
  });
});

describe('the figures of the tests', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'figures-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('name what failed, as jest says it, and a file that does not even load', async () => {
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
    const preset = JSON.stringify(pathToFileURL(join(REPOSITORY, 'jest.preset.js')));
    writeFileSync(join(at, 'jest.config.js'), `export { default } from ${preset};\n`);
    const args = [
      ...['--experimental-vm-modules', join(REPOSITORY, 'node_modules', 'jest', 'bin', 'jest.js')],
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
  }, 60_000);
});

it('a stack that is not set up is left out with a word, and so is what waits for it', () => {
  const [STATE_URL_DEV, STATE_URL_PROD] = ['gs://dev', 'gs://prod'];
  expect(missingStacks({ STATE_URL_DEV, STATE_URL_STAGING: 'gs://staging', STATE_URL_PROD })).toBe('');
  expect(missingStacks({ STATE_URL_DEV, STATE_URL_STAGING: '', STATE_URL_PROD })).toMatch(
    /^staging is not set up .* STATE_URL_STAGING of the repository is empty, and nothing reaches prod without it/,
  );
  expect(missingStacks({ STATE_URL_DEV }).match(/is not set up/g)).toHaveLength(2);
});

it('the result of the policies says how many stacks keep how many rules, and names what breaks one', () => {
  const text = policiesMarkdown([
    { name: 'dev', resources: 12, violations: [] },
    { name: 'prod', resources: 13, violations: ['labelled: records has no label stack'] },
  ]);
  expect(text).toContain(' rules; violations: 1\n');
  expect(text).toContain('| dev | 12 | 0 |\n| prod | 13 | 1 |\n');
  expect(text).toContain('- prod: labelled: records has no label stack');
});
