import { describe, expect, it } from '@jest/globals';
import { fastify } from 'fastify';
import { deprecation } from '../src/plugins/deprecation.ts';

const since = new Date('2026-11-24T00:00:00Z');
const sunset = new Date('2027-06-01T00:00:00Z');
const link = 'https://example.com/news';

describe('a route that is going away', () => {
  it('says so on every answer, also on a refusal, and its neighbour does not', async () => {
    const app = fastify();
    await app.register(deprecation);
    app.get('/old', { config: { deprecated: { since, sunset, link } } }, async (_request, reply) => {
      reply.header('link', '<?offset=1>; rel="next"');
      throw new Error('refused');
    });
    app.get('/new', async () => 'new');
    const { headers } = await app.inject('/old');
    expect(headers).toMatchObject({
      deprecation: '@1795478400',
      sunset: 'Tue, 01 Jun 2027 00:00:00 GMT',
      link: '<?offset=1>; rel="next", <https://example.com/news>; rel="deprecation"',
    });
    expect((await app.inject('/new')).headers).not.toHaveProperty('deprecation');
    await app.close();
  });

  it('can not end before it is deprecated', async () => {
    const app = fastify();
    await app.register(deprecation);
    expect(() =>
      app.get('/old', { config: { deprecated: { since: sunset, sunset: since, link } } }, async () => 'x'),
    ).toThrow('/old: its sunset 2026-11-24T00:00:00.000Z is before its deprecation');
    await app.close();
  });
});
