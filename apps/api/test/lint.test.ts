import { beforeAll, describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { buildTestApi } from './support/api.ts';
import { BigQueryFront } from './support/bigquery-front.ts';

/** Rules of the recommended set that do not fit, each with its reason. */
const NOT_FOR_US = {
  // Where the document came from is where the API is.
  'no-server-example.com': 'off',
  // Anybody may read: there is nothing to declare for those who bring no key.
  'security-defined': 'off',
} as const;

let source: string;

beforeAll(async () => {
  const front = await BigQueryFront.listen();
  const { app } = await buildTestApi({ bigQueryUrl: front.url });
  source = (await app.inject({ url: '/openapi.json' })).body;
});

async function complaints(document: string): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended'], rules: { ...NOT_FOR_US } });
  const problems = await lintFromString({ source: document, config });
  return problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`);
}

describe('the OpenAPI document', () => {
  it('keeps to the recommended rules of Redocly', async () => {
    expect(await complaints(source)).toEqual([]);
  });

  it('would be complained about if an operation lost its name', async () => {
    const broken = source.replace('"operationId":"listRecords",', '');
    expect(await complaints(broken)).toEqual([expect.stringContaining('operation-operationId')]);
  });
});
