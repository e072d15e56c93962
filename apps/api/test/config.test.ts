import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@records/runtime';
import { readConfig, VARIABLES } from '../src/config.ts';

const good = {
  GOOGLE_CLOUD_PROJECT: 'records-local',
  BIGQUERY_LOCATION: 'southamerica-west1',
  RECORDS_TABLE: 'records-local.records.records',
  AMENDMENTS_TABLE: 'records-local.records.amendments',
  SCRATCH_DATASET: 'records-local.records_scratch',
};

function messageFor(environment: Record<string, string | undefined>): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('accepted');
}

describe('the configuration', () => {
  it('takes the required variables from the environment, and defaults for the rest', () => {
    expect(readConfig({ ...good, PATH: '/usr/bin', HOME: '/nobody' })).toEqual({
      port: 8080,
      host: '127.0.0.1',
      project: 'records-local',
      location: 'southamerica-west1',
      amendments: { projectId: 'records-local', datasetId: 'records', tableId: 'amendments' },
      table: { projectId: 'records-local', datasetId: 'records', tableId: 'records' },
      scratch: { projectId: 'records-local', datasetId: 'records_scratch' },
      listGibPerMonth: 4096,
      lookupGibPerMonth: 1024,
      listTimePercent: 10,
      freshnessSeconds: 60,
      logLevel: 'info',
      anonymousRequestsPerMinute: 600,
      trustedProxies: 0,
      maxRequestsInFlight: 250,
      metricsPort: undefined,
      otlpEndpoint: undefined,
      service: undefined,
      revision: undefined,
    });
  });

  it('takes the variables that Cloud Run sets', () => {
    const config = readConfig({
      ...good,
      PORT: '0',
      LOG_LEVEL: 'debug',
      K_SERVICE: 'api',
      K_REVISION: 'api-00001',
    });
    expect(config).toMatchObject({ port: 0, host: '0.0.0.0', logLevel: 'debug', service: 'api' });
  });

  it('is frozen', () => {
    expect(Object.isFrozen(readConfig(good))).toBe(true);
  });

  it('lists every mistake at once, each with variable, value, rule and hint', () => {
    expect(
      messageFor({ PORT: '80a', BIGQUERY_LOCATION: '', RECORDS_TABLE: 'records', LOG_LEVEL: 'loud' }).split(
        '\n',
      ),
    ).toEqual([
      'The environment has 7 mistakes:',
      expect.stringMatching(
        /^ {2}PORT is "80a": it must be an integer from 0 to 65535, .+ \(the port .+\)\.$/,
      ),
      expect.stringMatching(
        /^ {2}GOOGLE_CLOUD_PROJECT is not set: it must be a project id.+GOOGLE_CLOUD_PROJECT=/,
      ),
      expect.stringMatching(
        /^ {2}BIGQUERY_LOCATION is "": it must be a BigQuery location.+BIGQUERY_LOCATION=/,
      ),
      expect.stringMatching(
        /^ {2}RECORDS_TABLE is "records": it must be .*project\.dataset\.table .+RECORDS_TABLE=/,
      ),
      expect.stringMatching(/^ {2}AMENDMENTS_TABLE is not set: it must be .*project\.dataset\.table/),
      expect.stringMatching(/^ {2}SCRATCH_DATASET is not set: it must be project\.dataset/),
      expect.stringMatching(/^ {2}LOG_LEVEL is "loud": it must be one of trace, debug, info, .+\(.+\)\.$/),
    ]);
  });

  it('states the rule of every variable in words', () => {
    for (const name of VARIABLES) {
      const [, line = ''] = messageFor({ ...good, [name]: '\n' }).split('\n', 2);
      expect(line).toMatch(new RegExp(`^ {2}${name} is "\\\\n": it must be [^^]+ \\(.+\\)\\.$`));
      expect(line).not.toMatch(/undefined|null/);
    }
  });

  it.each(['-1', '65536', '8080.0', ' 8080', '+8080', '0x50', '1e3', '08080'])(
    'refuses the port %j',
    (PORT) => {
      expect(messageFor({ ...good, PORT })).toContain(`PORT is ${JSON.stringify(PORT)}`);
    },
  );

  it.each(['0', '3601', '0.5', '1m', ''])('refuses the freshness window %j', (FRESHNESS_SECONDS) => {
    expect(messageFor({ ...good, FRESHNESS_SECONDS })).toContain('it must be an integer from 1 to 3600');
  });

  it.each([
    'records-local.records.records` WHERE TRUE --',
    'records-local.records.`x`',
    'records-local.rec-ords.records',
    'records-local.records',
    'a.b.c',
    'records-local.records.records\n',
    '../records.records',
  ])('refuses the table %j, which would enter a statement', (RECORDS_TABLE) => {
    expect(messageFor({ ...good, RECORDS_TABLE })).toContain('RECORDS_TABLE is ');
  });

  it('takes a table of a domain-scoped project', () => {
    const { table } = readConfig({ ...good, RECORDS_TABLE: 'example.com:records-1.raw.people-2' });
    expect(table).toEqual({ projectId: 'example.com:records-1', datasetId: 'raw', tableId: 'people-2' });
  });
});
