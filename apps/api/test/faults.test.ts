import { describe, expect, it } from '@jest/globals';
import { buildApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { createLogger } from '../src/logger.ts';
import { environment } from './support/api.ts';
import { closeAfterAll } from './support/cleanup.ts';
import { expectProblem } from './support/problem.ts';

describe('an unexpected error', () => {
  it.each([
    new Error('Kaboom! secret'),
    'secret',
    undefined,
    Object.assign(new Error('secret'), { statusCode: 418 }),
  ])('appears in the log and not in the response: %p', async (fault) => {
    const lines: Record<string, unknown>[] = [];
    const logger = createLogger({ logLevel: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
    const fail = async () => {
      throw fault;
    };
    const app = await buildApp({
      config: readConfig(environment),
      warehouse: {
        openList: fail,
        readRecord: fail,
        listInMemory: () => undefined,
        recordInMemory: () => undefined,
        check: fail,
        close: async () => {},
      },
      logger,
    });
    closeAfterAll(() => app.close());
    const response = await app.inject({ url: '/records' });
    expectProblem(response, 'internal-error');
    expect(response.body).not.toContain('secret');
    expect(lines).toContainEqual(
      expect.objectContaining({ severity: 'ERROR', message: 'GET /records failed: internal-error' }),
    );
    if (fault !== undefined) expect(JSON.stringify(lines)).toContain('secret');
  });
});
