import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { COUNTRIES, NAMES } from './records.ts';

export const KINDS = ['page', 'known id', 'unknown id', 'pais', 'nombre', 'countries'] as const;
export type Kind = (typeof KINDS)[number];

export const WAYS = ['ours', 'naive'] as const;
export type Way = (typeof WAYS)[number];

export interface Sample {
  readonly way: Way;
  readonly kind: Kind;
  /** A status, or the code of the error that came instead of an answer. */
  readonly status: string;
  /** From the request until the whole answer was read. */
  readonly ms: number;
}

/** The status of a right answer. */
export const RIGHT: Readonly<Record<Kind, string>> = {
  page: '200',
  'known id': '200',
  'unknown id': '404',
  pais: '200',
  nombre: '200',
  countries: '200',
};

const READERS_OF_EACH_WAY = 4;
const PAUSE_MS = 20;
const TIMEOUT_MS = 60_000;
const IDS_MAX = 10_000;

interface Answer {
  readonly status: string;
  readonly body: string;
  readonly total: number | undefined;
}

/**
 * Four readers of the API and four of the naive way. Each sends one request after the other, of every kind in turn, and pauses
 * 20 ms between an answer and the next request. Readers of the naive way wait while they are ahead, so that they never send
 * more requests than the others.
 */
export class Readers {
  /** Records in the list that the API served last. */
  visible = 0;
  readonly #urls: Readonly<Record<Way, string>>;
  readonly #onSample: (sample: Sample) => void;
  readonly #sent: Record<Way, number> = { ours: 0, naive: 0 };
  /** Ids that pages of the API had, the last ones. */
  readonly #ids: string[] = [];
  #pages = 0;
  #n = 0;

  constructor(urls: Readonly<Record<Way, string>>, onSample: (sample: Sample) => void) {
    this.#urls = urls;
    this.#onSample = onSample;
  }

  /** Reads until `over`, from the first visible record on. */
  async run(over: AbortSignal): Promise<void> {
    const agent = new Agent();
    while (this.#ids.length === 0 && !over.aborted) {
      this.#learn(await ask(`${this.#urls.ours}/records`, agent));
      await delay(PAUSE_MS);
    }
    agent.destroy();
    const readers = WAYS.flatMap((way) =>
      Array.from({ length: READERS_OF_EACH_WAY }, (_, number) => this.#read(way, number, over)),
    );
    await Promise.all(readers);
  }

  async #read(way: Way, number: number, over: AbortSignal): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = number; !over.aborted; turn++) {
      await delay(PAUSE_MS);
      if (way === 'naive' && this.#sent.naive >= this.#sent.ours) continue;
      this.#sent[way] += 1;
      await this.#ask(way, KINDS[turn % KINDS.length] ?? 'page', agent);
    }
    agent.destroy();
  }

  async #ask(way: Way, kind: Kind, agent: Agent): Promise<void> {
    const path = this.#pathOf(kind);
    const began = performance.now();
    const answer = await ask(this.#urls[way] + path, agent);
    this.#onSample({ way, kind, status: answer.status, ms: performance.now() - began });
    if (way === 'ours' && kind === 'page') this.#learn(answer);
  }

  #learn({ status, total, body }: Answer): void {
    if (status !== '200') return;
    this.visible = total ?? this.visible;
    const [record] = JSON.parse(body) as { id: string }[];
    if (record) this.#ids[this.#pages++ % IDS_MAX] = record.id;
  }

  #pathOf(kind: Kind): string {
    const n = this.#n++;
    switch (kind) {
      case 'page':
        return `/records?limit=100&offset=${(n * 7_919) % Math.max(1, this.visible)}`;
      case 'known id':
        return `/records/${this.#ids[(n * 31) % this.#ids.length]}`;
      case 'unknown id':
        return `/records/nobody-${n}`;
      case 'pais':
        return `/records?pais=${encodeURIComponent(COUNTRIES[n % COUNTRIES.length] ?? '')}`;
      case 'nombre':
        return `/records?nombre=${encodeURIComponent(NAMES[n % NAMES.length] ?? '')}`;
      case 'countries':
        return '/countries';
    }
  }
}

function ask(url: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException) =>
      resolve({ status: error.code ?? error.name, body: '', total: undefined });
    const request = get(url, { agent, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', failed);
      response.once('end', () => {
        const total = response.headers['x-total-count'];
        resolve({
          status: String(response.statusCode),
          body: Buffer.concat(chunks).toString(),
          total: total === undefined ? undefined : Number(total),
        });
      });
    });
    request.once('error', failed);
  });
}
