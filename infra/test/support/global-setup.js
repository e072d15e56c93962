import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * Serves plans to the test files of a run, each made once: a plan takes a process of its own for seconds, and the local
 * cloud loads much faster here than inside jest.
 */
export default async function setup() {
  const answers = new Map();
  // Connections stay open: after Node's 5 s of silence, a request could meet the close.
  const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const options = await text(request);
    const answer = answers.get(options) ?? answerTo(JSON.parse(options));
    answers.set(options, answer);
    response.end(await answer);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  process.env.PLAN_SERVER = `http://127.0.0.1:${server.address().port}`;
  globalThis.planServer = server;
}

async function answerTo(options) {
  const { plan } = await import('@records/local-cloud');
  try {
    return JSON.stringify({ plan: await plan(options) });
  } catch (error) {
    return JSON.stringify({ error: error.message });
  }
}
