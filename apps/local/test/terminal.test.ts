import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '@records/stack';
import { Terminal } from '../src/terminal.ts';

function opened() {
  let text = '';
  const terminal = new Terminal(false, (part) => {
    text += part;
  });
  return { terminal, text: () => stripVTControlCharacters(text) };
}

function printed(lines: readonly object[]): string[] {
  const { terminal, text } = opened();
  for (const line of lines) {
    const message = JSON.stringify(line);
    terminal.event({ type: 'log', source: 'records-api', severity: 'info', message });
  }
  return text().trimEnd().split('\n');
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

  it('shows lines of a service that starts once it is ready', () => {
    const { terminal, text } = opened();
    const warning = JSON.stringify({ severity: 'WARNING', message: 'no list of keys' });
    const service = 'records-api';
    terminal.event({ type: 'container', service, state: 'starting', message: '' });
    terminal.event({ type: 'log', source: service, severity: 'info', message: warning, isStarting: true });
    expect(text()).toBe('');
    terminal.event({ type: 'container', service, state: 'ready', message: '' });
    expect(text()).toBe('  records-api │ no list of keys\n');
  });

  it('shows why a service does not start once: the place and the message, without frames of Node', () => {
    const { terminal, text } = opened();
    const service = 'records-api';
    const output = [
      'node:internal/modules/run_main:107',
      '    triggerUncaughtException(',
      '    ^',
      '',
      `file://${join(REPOSITORY, 'apps', 'api', 'src', 'app.ts')}:20`,
      'const broken = ;',
      '               ^',
      '',
      'SyntaxError [ERR_INVALID_TYPESCRIPT_SYNTAX]: Expression expected',
      '    at parseTypeScript (node:internal/modules/typescript:72:36)',
      `    at file://${join(REPOSITORY, 'node_modules', 'a', 'a.js')}:1:1 {`,
      "  code: 'ERR_INVALID_TYPESCRIPT_SYNTAX'",
      '}',
      '',
      'Node.js v24.21.0',
    ];
    for (const message of output)
      terminal.event({ type: 'log', source: service, severity: 'info', message, isStarting: true });
    terminal.problem('The API does not start', new Error(output.join('\n')));
    expect(text().trimEnd().split('\n')).toEqual([
      '✗ The API does not start',
      '  apps/api/src/app.ts:20',
      '  const broken = ;',
      '                 ^',
      '  SyntaxError [ERR_INVALID_TYPESCRIPT_SYNTAX]: Expression expected',
    ]);
  });

  it('hides what is neither a warning nor an error', () => {
    expect(printed([{ ...failure('request-1'), severity: 'INFO' }])).toEqual(['']);
  });
});
