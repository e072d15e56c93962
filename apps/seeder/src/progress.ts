import { Presets, SingleBar } from 'cli-progress';
import { duration, grouped, rate } from './format.ts';
import { systemTicker, type Ticker } from './ticker.ts';

/** Time between two plain lines. */
const LINE_INTERVAL_MS = 5_000;

export interface Progress {
  readonly phase: 'publishing' | 'becoming visible';
  readonly done: number;
  readonly total: number;
}

/** Shows the progress of a run. */
interface ProgressView {
  show(progress: Progress): void;
  /** Leaves the stream ready for other text. */
  end(): void;
}

type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Shows a bar on a terminal, and a line every few seconds elsewhere. */
export function progressView(stream: Output): ProgressView {
  return stream.isTTY ? new Bar(stream) : new Lines(stream, systemTicker);
}

/** One bar for each phase. */
class Bar implements ProgressView {
  readonly #stream: Output;
  #bar: SingleBar | undefined;
  #pace: Pace | undefined;

  constructor(stream: Output) {
    this.#stream = stream;
  }

  show(progress: Progress): void {
    if (this.#pace?.phase !== progress.phase) {
      this.end();
      this.#pace = new Pace(progress, systemTicker);
      this.#bar = new SingleBar(
        {
          stream: this.#stream,
          format: '{phase} {bar} {percentage} %  {counts}',
          hideCursor: true,
          gracefulExit: false,
        },
        Presets.shades_classic,
      );
      this.#bar.start(progress.total, 0, this.#payload(progress, this.#pace));
    }
    if (this.#pace) this.#bar?.update(progress.done, this.#payload(progress, this.#pace));
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
    this.#pace = undefined;
  }

  #payload(progress: Progress, pace: Pace) {
    return { phase: progress.phase.padEnd('becoming visible'.length), counts: pace.describe(progress) };
  }
}

export class Lines implements ProgressView {
  readonly #stream: Pick<Output, 'write'>;
  readonly #ticker: Ticker;
  #pace: Pace | undefined;
  #shownAt = 0;

  constructor(stream: Pick<Output, 'write'>, ticker: Ticker) {
    this.#stream = stream;
    this.#ticker = ticker;
  }

  show(progress: Progress): void {
    const now = this.#ticker.now();
    if (this.#pace?.phase !== progress.phase) {
      this.#pace = new Pace(progress, this.#ticker);
      this.#shownAt = now;
    }
    if (now - this.#shownAt < LINE_INTERVAL_MS) return;
    this.#shownAt = now;
    this.#stream.write(`${progress.phase}: ${this.#pace.describe(progress)}\n`);
  }

  end(): void {
    this.#pace = undefined;
  }
}

/** Measures the rate and the time left of one phase, from its first progress on. */
class Pace {
  readonly phase: Progress['phase'];
  readonly #ticker: Ticker;
  readonly #startedAt: number;
  readonly #startedWith: number;

  constructor({ phase, done }: Progress, ticker: Ticker) {
    this.phase = phase;
    this.#ticker = ticker;
    this.#startedAt = ticker.now();
    this.#startedWith = done;
  }

  describe({ done, total }: Progress): string {
    const counts = `${grouped(done)} of ${grouped(total)}`;
    const seconds = (this.#ticker.now() - this.#startedAt) / 1_000;
    const more = done - this.#startedWith;
    if (more <= 0 || seconds <= 0) return counts;
    const left = ((total - done) * seconds) / more;
    return `${counts}, ${rate(more, seconds)}, ${duration(left)} left`;
  }
}
