import { describe, expect, it } from '@jest/globals';
import { prometheusRules, prometheusRulesFile, REAL_TIME, rulesOfMinutes, TimeLapse } from '../src/index.ts';

const MINUTES_TO_SECONDS = new TimeLapse(60);

/** The durations in every rule, in seconds: windows in brackets, and `for`. */
function durationsOf(time: TimeLapse): number[] {
  return prometheusRules(time).flatMap((rule) =>
    [...rule.expr.matchAll(/\[(\w+)\]/g), [rule.for ?? '0s', rule.for ?? '0s']].map(([, text = '']) =>
      secondsOf(text),
    ),
  );
}

function secondsOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  const units: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 };
  return Number(count) * (units[unit] ?? Number.NaN);
}

describe('rules in a time-lapse', () => {
  it.each([60, 100, 7])('have every window and every wait divided by the factor of %i', (factor) => {
    const real = durationsOf(REAL_TIME);
    const fast = durationsOf(new TimeLapse(factor));
    expect(real.length).toBeGreaterThan(60);
    for (const [index, seconds] of real.entries()) expect(fast[index]).toBeCloseTo(seconds / factor, 2);
  });

  it('divide ages, but not numbers of requests, messages and bytes', () => {
    const text = prometheusRulesFile(prometheusRules(MINUTES_TO_SECONDS), MINUTES_TO_SECONDS);
    expect(text).toContain('subscription_id="records-to-bigquery"}) > 10\n');
    expect(text).toContain('subscription_id="records-to-bigquery"}) > bool 2\n');
    expect(text).toContain('max(records_snapshot_age) > 10\n');
    expect(text).toContain('interval: 1s\n');
    expect(text).toContain('[10s])) > 20\n');
    expect(text).toContain('sum(increase(records_warehouse_billed_total[1m])) > 107374182400\n');
    expect(text).toMatch(/\{http_response_status_code=~"5\.\."\}\[1m\]\)\) >= 10\n/);
    expect(text).toContain('le="0.5"');
  });

  it('can leave out those that look back days', () => {
    const left = new Set(rulesOfMinutes(MINUTES_TO_SECONDS).map(({ alert }) => alert));
    const out = prometheusRules().filter(({ alert }) => !left.has(alert));
    expect(out.map(({ alert }) => alert.replace(/^.*-burns/, ''))).toEqual(Array(5).fill('-1x'));
  });

  it('refuse to slow time down', () => {
    expect(() => new TimeLapse(0.5)).toThrow('a time-lapse needs a factor of at least 1, not 0.5');
  });
});
