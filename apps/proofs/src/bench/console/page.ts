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
      const noted = this.#noted();
      await links.nth(turn % count).click();
      this.clicks.push(await noted);
      if (performance.now() > heapAt) {
        this.heaps.push(await this.#heap());
        heapAt = performance.now() + HEAP_EVERY_MS;
      }
      await delay(Math.min(PAUSE_MS, Math.max(0, end - performance.now())));
    }
  }

  /** How long the next click takes. The page measures it, so that no round trip counts. */
  #noted(): Promise<Click> {
    const noted = this.#page.evaluate(() => {
      const before = document.querySelector('h1')?.nextElementSibling;
      const frameWhen = (is: () => boolean) =>
        new Promise<number>((resolve) => {
          const look = () =>
            requestAnimationFrame(() => {
              if (!is()) look();
              // One frame later, this one is on the screen.
              else requestAnimationFrame(() => resolve(performance.now()));
            });
          look();
        });
      return new Promise<Click>((resolve) => {
        const onClick = async ({ timeStamp, target }: MouseEvent) => {
          const wanted = (target as HTMLElement).textContent;
          const heading = () => document.querySelector('h1');
          const isAnswered = () => heading()?.textContent === wanted;
          const isDrawn = () => {
            const view = heading()?.nextElementSibling;
            return isAnswered() && view !== before && view?.textContent !== 'Loading…';
          };
          const [answered, drawn] = await Promise.all([frameWhen(isAnswered), frameWhen(isDrawn)]);
          resolve({ answered: answered - timeStamp, drawn: drawn - timeStamp });
        };
        addEventListener('click', onClick, { once: true, capture: true });
      });
    });
    const tooLate = delay(CLICK_TIMEOUT_MS, undefined, { ref: false }).then(() => {
      throw new Error(`a click was not answered within ${CLICK_TIMEOUT_MS} ms`);
    });
    return Promise.race([noted, tooLate]);
  }

  async #heap(): Promise<number> {
    const { metrics } = await this.#session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN) / 1e6;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#page.close();
  }
}
