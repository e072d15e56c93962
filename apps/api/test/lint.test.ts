import { beforeAll, describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { buildTestApi } from './support/api.ts';
import { BigQueryFront } from './support/bigquery-front.ts';

let source: string;

beforeAll(async () => {
  const front = await BigQueryFront.listen();
  const { app } = await buildTestApi({ bigQueryUrl: front.url });
  source = (await app.inject({ url: '/openapi.json' })).body;
});

async function complaints(document: string): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended'] });
  const problems = await lintFromString({ source: document, config });
  return problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`);
}

describe('the OpenAPI document', () => {
  it("follows Redocly's recommended rules", async () => {
    expect(await complaints(source)).toEqual([]);
  });

  it('fails the lint without an operationId', async () => {
    const broken = source.replace('"operationId":"listRecords",', '');
    expect(await complaints(broken)).toEqual([expect.stringContaining('operation-operationId')]);
  });
});
