import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { CutReason, Metrics } from '../telemetry/metrics.ts';

const MIB = 1024 * 1024;
/** Bytes that may wait in the sockets of an instance, and of one caller. */
const MAX_BYTES = 64 * MIB;
const MAX_CALLER_BYTES = 32 * MIB;
/** An estimate of what an answer costs besides its bytes. */
const ANSWER_BYTES = 16 * 1024;
/** The least that a client must take of what waits for it, in the time that it gets. */
const LEAST_BYTES = 32 * 1024;
/** The time that it gets while the instance stops. Milliseconds. */
const STOPPING_MS = 4_000;
/** Checks within that time: a client is cut within it, and not one check later. */
const LOOKS = 12;

export interface SendingOptions {
  /** Close the connection of a client that takes less than 32 KiB in this long. Milliseconds. */
  readonly stallMs: number;
  readonly metrics: Pick<Metrics, 'connectionCut'>;
  /** Milliseconds, from any fixed point. */
  now(): number;
}

/** A connection with answers that its client has not taken yet. */
interface Waiting {
  caller: string;
  answers: number;
  bytes: number;
  /** When the client had taken `taken` bytes of this connection. */
  since: number;
  taken: number;
  forget(): void;
}

/**
 * The answers that are made and wait for their clients. They take no place in flight; the bytes that wait are bounded, in total and
 * per caller. Past a bound, the connections that got on least are closed, never those of others.
 */
export class Sending {
  readonly #options: SendingOptions;
  /** In the order in which they last got on. */
  readonly #waiting = new Map<Socket, Waiting>();
  readonly #look: NodeJS.Timeout;
  #patienceMs: number;
  #bytes = 0;

  constructor(options: SendingOptions) {
    this.#options = options;
    const everyMs = options.stallMs / LOOKS;
    this.#patienceMs = options.stallMs - 2 * everyMs;
    this.#look = setInterval(() => this.look(), everyMs).unref();
  }

  /** Connections with answers that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Call this when an answer is made. `bytes`: its body, or what is in memory of it at a time. */
  add(socket: Socket, response: ServerResponse, caller: string, bytes: number): void {
    // A request of `inject` has another socket.
    if (!(socket instanceof Socket) || socket.destroyed) return;
    const waiting = this.#waiting.get(socket) ?? this.#start(socket);
    const cost = bytes + ANSWER_BYTES;
    waiting.caller = caller;
    waiting.answers++;
    waiting.bytes += cost;
    this.#bytes += cost;
    response.once('close', () => {
      if (this.#waiting.get(socket) !== waiting) return;
      waiting.bytes -= cost;
      this.#bytes -= cost;
      if (--waiting.answers === 0) waiting.forget();
    });
    if (this.#bytes > MAX_CALLER_BYTES) this.#makeRoom(caller);
  }

  /** Closes the connections whose clients take too little. */
  look(): void {
    const now = this.#options.now();
    for (const [socket, waiting] of [...this.#waiting]) {
      const taken = takenOf(socket);
      const isPaused = socket.writableLength === 0;
      if (isPaused || taken - waiting.taken >= LEAST_BYTES) {
        Object.assign(waiting, { since: now, taken });
        this.#waiting.delete(socket);
        this.#waiting.set(socket, waiting);
      } else if (now - waiting.since >= this.#patienceMs) this.#cut(socket, 'slow');
    }
  }

  /** From now on a client that takes too little is cut soon: an instance that stops has 9.5 s for all. */
  stop(): void {
    this.#patienceMs = Math.min(this.#patienceMs, STOPPING_MS);
  }

  close(): void {
    clearInterval(this.#look);
  }

  #start(socket: Socket): Waiting {
    const forget = () => {
      socket.off('close', forget);
      this.#waiting.delete(socket);
      this.#bytes -= waiting.bytes;
    };
    const { now } = this.#options;
    const waiting: Waiting = {
      ...{ caller: '', answers: 0, bytes: 0 },
      ...{ since: now(), taken: takenOf(socket), forget },
    };
    this.#waiting.set(socket, waiting);
    socket.once('close', forget);
    return waiting;
  }

  #makeRoom(caller: string): void {
    this.#shrink(caller, MAX_CALLER_BYTES);
    if (this.#bytes <= MAX_BYTES) return;
    const bytes = new Map<string, number>();
    for (const waiting of this.#waiting.values())
      bytes.set(waiting.caller, (bytes.get(waiting.caller) ?? 0) + waiting.bytes);
    const [[heaviest, its] = [caller, 0]] = [...bytes].sort(([, a], [, b]) => b - a);
    this.#shrink(heaviest, its - (this.#bytes - MAX_BYTES));
  }

  /** Closes a caller's connections, those that got on least first, but leaves the last one unless it has several answers. */
  #shrink(caller: string, toBytes: number): void {
    const own = [...this.#waiting].filter(([, waiting]) => waiting.caller === caller);
    let sum = own.reduce((total, [, { bytes }]) => total + bytes, 0);
    for (const [index, [socket, { answers, bytes }]] of own.entries()) {
      if (sum <= toBytes || (index === own.length - 1 && answers === 1)) return;
      sum -= bytes;
      this.#cut(socket, 'crowded');
    }
  }

  #cut(socket: Socket, reason: CutReason): void {
    this.#waiting.get(socket)?.forget();
    this.#options.metrics.connectionCut(reason);
    socket.destroy();
  }
}

/** Only the handle says what the system has taken: for the socket, bytes count once they are handed over, or once all of a write is. */
function takenOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { readonly _handle: Handle | null };
  return handle ? handle.bytesWritten - handle.writeQueueSize : socket.bytesWritten;
}

interface Handle {
  readonly bytesWritten: number;
  readonly writeQueueSize: number;
}
