import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, CDPSession, Page } from 'playwright-core';

/** Between two clicks. */
const PAUSE_MS = 500;
const HEAP_EVERY_MS = 1_000;
const CLICK_TIMEOUT_MS = 10_000;

/** How long a click took, in milliseconds. */
export interface Click {
  /** Until the heading of its view was on the screen. */
  readonly answered: number;
  /** Until the view was drawn, with what it first asks the server for. */
  readonly drawn: number;
}

/** A page of the console through whose views somebody clicks. */
export class ClickedPage implements AsyncDisposable {
  readonly clicks: Click[] = [];
  /** MB. */
  readonly heaps: number[] = [];
  readonly #page: Page;
  readonly #session: CDPSession;

  private constructor(page: Page, session: CDPSession) {
    this.#page = page;
    this.#session = session;
  }

  static async open(browser: Browser, url: string): Promise<ClickedPage> {
    const page = await browser.newPage({ locale: 'en-GB' });
    await page.goto(`${url}/follow`);
    await page.waitForSelector('.pipeline');
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    return new ClickedPage(page, session);
  }

  /** Clicks one view after the other until this time of `performance.now()`. */
  async clickUntil(end: number): Promise<void> {
    // A list of records costs a scan, whoever reads it: that is the API's cost, and none of the page.
    const links = this.#page.locator('nav a:not([href="/records"])');
    const count = await links.count();
    let heapAt = 0;
    for (let turn = 1; performance.now() < end; turn += 1) {
      await this.#listen();
      await links.nth(turn % count).click();
      this.clicks.push(await this.#noted());
      if (performance.now() > heapAt) {
        this.heaps.push(await this.#heap());
        heapAt = performance.now() + HEAP_EVERY_MS;
      }
      await delay(Math.min(PAUSE_MS, Math.max(0, end - performance.now())));
    }
  }

  /** Makes the page note how long the next click takes. */
  async #listen(): Promise<void> {
    await this.#page.evaluate(() => {
      const noted = {};
      Object.assign(globalThis, { noted });
      const before = document.querySelector('h1')?.nextElementSibling;
      const onClick = ({ timeStamp, target }: MouseEvent) => {
        const wanted = (target as HTMLElement).textContent;
        const heading = () => document.querySelector('h1');
        const note = (name: 'answered' | 'drawn', is: () => boolean): void => {
          requestAnimationFrame(() => {
            if (!is()) note(name, is);
            // One frame later, this one is on the screen.
            else requestAnimationFrame(() => Object.assign(noted, { [name]: performance.now() - timeStamp }));
          });
        };
        note('answered', () => heading()?.textContent === wanted);
        note('drawn', () => {
          const view = heading()?.nextElementSibling;
          return heading()?.textContent === wanted && view !== before && view?.textContent !== 'Loading…';
        });
      };
      addEventListener('click', onClick, { once: true, capture: true });
    });
  }

  async #noted(): Promise<Click> {
    const handle = await this.#page.waitForFunction(
      () => {
        const { noted } = globalThis as unknown as { readonly noted: Partial<Click> };
        return noted.drawn === undefined || noted.answered === undefined ? undefined : noted;
      },
      undefined,
      { timeout: CLICK_TIMEOUT_MS },
    );
    return (await handle.jsonValue()) as Click;
  }

  async #heap(): Promise<number> {
    const { metrics } = await this.#session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN) / 1e6;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#page.close();
  }
}
