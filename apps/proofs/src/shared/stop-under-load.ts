import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { ApiProcess } from './api-process.ts';

const CLIENTS = 16;
const ANSWERS_BEFORE_STOP = 200;
/** What Cloud Run leaves to a stop. https://docs.cloud.google.com/run/docs/container-contract#instance-shutdown */
const GRACE_MS = 10_000;

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

/** The same for a process of the API. An exit with another code than 0, or none within 10 s, is broken, too. `ms`: from SIGTERM to the exit. */
export async function stopApiUnderLoad(api: ApiProcess): Promise<Requests & { readonly ms: number }> {
  const stop = { began: Number.NaN, code: Promise.resolve<number | NodeJS.Signals>('SIGKILL') };
  const { answered, broken } = await stopUnderLoad(`${api.url}/records?limit=100`, () => {
    stop.began = performance.now();
    stop.code = api.stop(GRACE_MS);
  });
  const code = await stop.code;
  const ms = performance.now() - stop.began;
  if (code === 0) return { answered, broken, ms };
  const exit = `the API ended with ${code}; within ${GRACE_MS / 1_000} s of SIGTERM it must end with 0`;
  return { answered, broken: [...broken, exit], ms };
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
