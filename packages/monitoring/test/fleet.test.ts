import { describe, expect, it } from '@jest/globals';
import { evaluate, fleetSeries, linesOf, momentsOf, START, TRACES } from '../src/evaluate/index.ts';
import { alertsFor, DEFAULT_LIMITS, FIRST_SCREEN, fleetDashboard, policiesFor, WORST } from '../src/index.ts';

function traceOf(start: string) {
  const found = TRACES.find(({ name }) => name.startsWith(start));
  if (!found) throw new Error(`there is no trace ${start}`);
  return found;
}

describe('the dashboard of a fleet of fifty systems', () => {
  it.each([
    ['full outage', 'Errors: 5xx answers'],
    ['the table refuses', 'Oldest message not yet written'],
    ['a burst of poison', 'Dead letters'],
    ['half of the answers are slow', 'Latency: 99th percentile'],
    ['cost runaway', 'Cost: billed by BigQuery'],
    ['almost the maximum', 'Saturation: instances'],
    ['BigQuery is down', 'Read: warnings that BigQuery fails'],
    ['a publisher uses', 'Refused publish requests'],
    ['dead letters that nobody', 'Oldest dead letter'],
  ])('shows the one with "%s" first in the panel "%s", on the first screen', (trace, title) => {
    const moments = momentsOf(traceOf(trace)).slice(START - 60);
    const series = fleetSeries({ size: 50, moments, isSick: (system) => system === 37 });
    const tile = fleetDashboard().mosaicLayout.tiles.find(({ widget }) => widget.title === title);
    if (!tile || !('xyChart' in tile.widget)) throw new Error(`there is no panel ${title}`);
    const [first, second] = linesOf(tile.widget, series, { from: 0, to: moments.length });
    expect(first?.name).toBe('system-37');
    expect(first?.highest).toBeGreaterThan(second?.highest ?? 0);
    expect(tile.yPos + tile.height).toBeLessThanOrEqual(FIRST_SCREEN);
  });

  it('has as many panels for fifty as for one, and draws only the worst lines', () => {
    const charts = fleetDashboard().mosaicLayout.tiles.flatMap(({ widget }) =>
      'xyChart' in widget ? [widget] : [],
    );
    const moments = momentsOf(traceOf('full outage')).slice(START - 60);
    const lines = (size: number) => {
      const series = fleetSeries({ size, moments, isSick: () => true });
      return charts.map((widget) => linesOf(widget, series, { from: 0, to: moments.length }).length);
    };
    expect(lines(1)).toEqual(charts.map(() => 1));
    expect(lines(50)).toEqual(charts.map(() => WORST));
  });
});

describe('the alert policies of a scope with fifty systems', () => {
  const thresholds = new Set(alertsFor(DEFAULT_LIMITS).map(({ id }) => id));
  const all = policiesFor(DEFAULT_LIMITS).filter(({ id }) => thresholds.has(id));
  const policies = all.filter(({ id }) => id !== 'probe-failing');
  const incidents = (name: string, isSick: (system: number) => boolean, watched = policies) => {
    const moments = momentsOf(traceOf(name)).slice(START - 60);
    const series = fleetSeries({ size: 50, moments, isSick });
    return evaluate({ minutes: moments.length, series, policies: watched }).incidents.map(
      ({ policy }) => policy,
    );
  };

  it.each([
    ['the table refuses', 'backlog-stuck'],
    ['cost runaway', 'cost-runaway'],
    ['a publisher uses', 'publish-refused'],
    ['almost the maximum', 'instances-near-maximum'],
    ['a certificate expires', 'certificate-expires'],
  ])('notify once of "%s", for one sick system as for fifty', (name, policy) => {
    expect(incidents(name, (system) => system === 37)).toEqual([policy]);
    expect(incidents(name, () => true)).toEqual([policy]);
  });

  it('do not notify of one silent prober in fifty: a system without data is not compared', () => {
    const broken = 'Pub/Sub writes nothing';
    expect(incidents(broken, (system) => system === 37, all)).toEqual([]);
    expect(incidents(broken, () => true, all)).toEqual(['probe-failing']);
  });

  it('are silent while all fifty are healthy, although together they exceed the limits of one', () => {
    expect(incidents('a good day', () => false)).toEqual([]);
  });
});
