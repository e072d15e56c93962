import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Asked {
  readonly answered: number;
  /** What became of requests that had been sent and got no whole answer. */
  readonly broken: readonly string[];
}

/**
 * One client that asks again and again over one connection, as Google's front end does, until an answer tells it to hang
 * up or nobody listens any more.
 */
export async function keepAsking(url: string, onAnswer: () => void = () => {}): Promise<Asked> {
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
    // Refused is not sent.
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
