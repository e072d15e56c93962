import { describe, expect, it } from '@jest/globals';
import type { Ticker } from '../src/ticker.ts';
import { type VisibleOptions, waitUntilVisible } from '../src/verify/visible.ts';

/** A clock that skips every delay. */
function jumpingTicker(): Ticker & { readonly delays: number[] } {
  let now = 0;
  const delays: number[] = [];
  return {
    delays,
    now: () => {
      if (now > 3_600_000) throw new Error('nobody waits for an hour');
      return now;
    },
    delay: async (ms) => {
      now += ms;
      delays.push(ms);
    },
  };
}

/** Answers the counts in turn and repeats the last one; throws an error. */
function counts(...answers: (number | Error)[]): VisibleOptions['count'] {
  return async () => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (typeof answer !== 'number') throw answer;
    return answer;
  };
}

describe('waiting until records are visible', () => {
  it('counts until the expected number is visible', async () => {
    const seen: number[] = [];
    const result = await waitUntilVisible({
      count: counts(0, 400, 400, 1_000),
      expected: 1_000,
      stallMs: 60_000,
      ticker: jumpingTicker(),
      onCount: (visible) => seen.push(visible),
    });
    expect(result).toEqual({ visible: 1_000, problem: undefined });
    expect(seen).toEqual([0, 400, 400, 1_000]);
  });

  it('does not wait when everything is already visible', async () => {
    const ticker = jumpingTicker();
    await waitUntilVisible({ count: counts(5), expected: 5, stallMs: 1_000, ticker });
    expect(ticker.delays).toEqual([]);
  });

  it('gives up when nothing arrived for the time allowed', async () => {
    const ticker = jumpingTicker();
    const result = await waitUntilVisible({
      count: counts(3, 997),
      expected: 1_000,
      stallMs: 10_000,
      ticker,
    });
    expect(result.visible).toBe(997);
    expect(ticker.now()).toBeGreaterThanOrEqual(10_000);
    expect(ticker.now()).toBeLessThan(12_000);
  });

  it('continues past the time allowed while more arrive', async () => {
    const ticker = jumpingTicker();
    let visible = 0;
    const count = async () => {
      visible += 1;
      return visible;
    };
    const result = await waitUntilVisible({ count, expected: 200, stallMs: 6_000, ticker });
    expect(result.visible).toBe(200);
    expect(ticker.now()).toBeGreaterThan(60_000);
  });

  it('counts again after a failure', async () => {
    const count = counts(new Error('backend error'), 10);
    const result = await waitUntilVisible({ count, expected: 10, stallMs: 5_000, ticker: jumpingTicker() });
    expect(result).toEqual({ visible: 10, problem: undefined });
  });

  it('ends with the reason when the table stops answering', async () => {
    const count = counts(4, new Error('Not found: Table p.d.t'));
    const result = await waitUntilVisible({ count, expected: 10, stallMs: 5_000, ticker: jumpingTicker() });
    expect(result).toEqual({ visible: 4, problem: 'Not found: Table p.d.t' });
  });

  it('counts rarely during a long wait, so that it costs little', async () => {
    const ticker = jumpingTicker();
    await waitUntilVisible({ count: counts(0), expected: 1, stallMs: 600_000, ticker });
    expect(Math.min(...ticker.delays)).toBe(100);
    expect(Math.max(...ticker.delays)).toBe(5_000);
    expect(ticker.delays.length).toBeLessThan(250);
  });

  it('ends at once when it is interrupted', async () => {
    const controller = new AbortController();
    const ticker = jumpingTicker();
    const result = await waitUntilVisible({
      count: counts(1),
      expected: 10,
      stallMs: 600_000,
      signal: controller.signal,
      ticker: { ...ticker, delay: async () => controller.abort() },
    });
    expect(result.visible).toBe(1);
  });
});
