import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '@records/stack';
import { Terminal } from '../src/terminal.ts';

function printed(lines: readonly object[]): string[] {
  let text = '';
  const terminal = new Terminal(false, (part) => {
    text += part;
  });
  for (const line of lines) {
    const message = JSON.stringify(line);
    terminal.event({ type: 'log', source: 'records-api', severity: 'info', message });
  }
  return stripVTControlCharacters(text).trimEnd().split('\n');
}

/** As the API logs it. */
const failure = (requestId: string) => ({
  severity: 'ERROR',
  requestId,
  err: { type: 'TypeError', message: 'no such name', cause: { type: 'Error', message: 'gone' } },
  stack_trace: [
    'TypeError: no such name',
    `    at readNames (file://${join(REPOSITORY, 'apps', 'api', 'src', 'names.ts')}:4:11)`,
    `    at file://${join(REPOSITORY, 'node_modules', 'fastify', 'fastify.js')}:1:1`,
    '    at process.processTicksAndRejections (node:internal/process/task_queues:104:5)',
    `    at async ${join(REPOSITORY, 'apps', 'api', 'src', 'app.ts')}:9:3`,
  ].join('\n'),
  message: 'GET /countries failed: internal-error',
});

describe('the terminal of pnpm dev', () => {
  it('shows the error of a failed request with its frames in the repository, once', () => {
    expect(printed([failure('request-1'), failure('request-2')])).toEqual([
      '  records-api │ GET /countries failed: internal-error  request request-1',
      '      TypeError: no such name; caused by Error: gone',
      '        at apps/api/src/names.ts:4:11 readNames',
      '        at apps/api/src/app.ts:9:3',
      '  records-api │ GET /countries failed: internal-error  request request-2',
    ]);
  });

  it('hides what is neither a warning nor an error', () => {
    expect(printed([{ ...failure('request-1'), severity: 'INFO' }])).toEqual(['']);
  });
});
