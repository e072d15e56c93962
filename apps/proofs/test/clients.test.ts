import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { LocalCloud } from '@records/local-cloud';
import { summaryOf } from '../src/clients/prove-clients.ts';

describe('the day of a client', () => {
  it('counts its steps, and names the wrong ones', () => {
    const lines = [
      'right: publishes',
      'a warning',
      'refused: a bucket: not emulated',
      'wrong: receives: late',
    ];
    expect(summaryOf(lines, [])).toEqual({ right: 1, refused: 1, wrong: ['receives: late'] });
  });

  it('is wrong when a program prints no step, or fails', () => {
    expect(summaryOf(['a warning'], []).wrong).toEqual(['printed no step']);
    expect(summaryOf(['right: publishes'], ['did not end in time']).wrong).toEqual(['did not end in time']);
  });

  it('has no wrong step in Node', async () => {
    await using cloud = await LocalCloud.create({
      projectId: 'records-local',
      projectNumber: '123456789012',
      location: 'southamerica-west1',
    });
    const env = { ...process.env, ...cloud.environment, PROJECT_NUMBER: '123456789012' };
    const program = join(import.meta.dirname, '../src/clients/client-pubsub-process.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [program], { env });
    expect(summaryOf(stdout.split('\n'), [])).toMatchObject({ right: 5, refused: 1, wrong: [] });
  });
});
