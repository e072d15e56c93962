import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

const CLIENTS = 16;
const ANSWERS_BEFORE_STOP = 200;

export interface Requests {
  readonly answered: number;
  /** The reason of each request that was sent and not answered in full. */
  readonly broken: readonly string[];
}

/**
 * Sends requests by 16 clients, calls `stop` after 200 answers, and resolves when every client has been told to close its
 * connection or finds nobody listening.
 */
export async function stopUnderLoad(url: string, stop: () => void): Promise<Requests> {
  let answers = 0;
  const onAnswer = () => {
    if (++answers === ANSWERS_BEFORE_STOP) stop();
  };
  const results = await Promise.all(Array.from({ length: CLIENTS }, () => keepAsking(url, onAnswer)));
  return {
    answered: results.reduce((sum, { answered }) => sum + answered, 0),
    broken: results.flatMap(({ broken }) => broken),
  };
}

/** One client that repeats a request over one connection, as Google's front end does. */
async function keepAsking(url: string, onAnswer: () => void): Promise<Requests> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const broken: string[] = [];
  let answered = 0;
  try {
    for (;;) {
      const response = await ask(url, agent);
      const body = await text(response);
      if (response.statusCode !== 200 || !body.endsWith(']'))
        broken.push(`${response.statusCode} ${body.slice(0, 200)}`);
      else answered++;
      onAnswer();
      if (response.headers.connection === 'close') break;
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    // A refused connection has sent no request.
    if (code !== 'ECONNREFUSED') broken.push(code);
  } finally {
    agent.destroy();
  }
  return { answered, broken };
}

function ask(url: string, agent: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, resolve).on('error', reject);
  });
}
