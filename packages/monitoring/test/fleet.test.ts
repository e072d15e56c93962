import { describe, expect, it } from '@jest/globals';
import {
  alertsFor,
  DEFAULT_LIMITS,
  evaluate,
  FIRST_SCREEN,
  fleetDashboard,
  fleetSeries,
  linesOf,
  momentsOf,
  policiesFor,
  renderFleet,
  START,
  serviceDashboard,
  TRACES,
  tryFleet,
  WORST,
} from '../src/index.ts';

function traceOf(start: string) {
  const found = TRACES.find(({ name }) => name.startsWith(start));
  if (!found) throw new Error(`there is no trace ${start}`);
  return found;
}

describe('the dashboard of a fleet of fifty systems', () => {
  it.each([
    ['full outage', 'Errors: answers 5xx'],
    ['the table refuses', 'Oldest message that waits'],
    ['a burst of poison', 'Dead letters'],
    ['half of the answers are slow', 'Latency: 99th percentile'],
    ['cost runaway', 'Cost: billed by BigQuery'],
    ['instances near', 'Saturation: instances'],
    ['BigQuery is down', 'Read: warnings that BigQuery fails'],
    ['a publisher with', 'Refused publish requests'],
    ['dead letters that nobody', 'Oldest dead letter'],
  ])('shows the one with "%s" first, in the panel "%s", on the first screen', (trace, title) => {
    const moments = momentsOf(traceOf(trace)).slice(START - 60);
    const series = fleetSeries({ size: 50, moments, isSick: (system) => system === 37 });
    const tile = fleetDashboard().mosaicLayout.tiles.find(({ widget }) => widget.title === title);
    if (!tile || !('xyChart' in tile.widget)) throw new Error(`there is no panel ${title}`);
    const [first, second] = linesOf(tile.widget, series, { from: 0, to: moments.length });
    expect(first?.name).toBe('system-37');
    expect(first?.highest).toBeGreaterThan(second?.highest ?? 0);
    expect(tile.yPos + tile.height).toBeLessThanOrEqual(FIRST_SCREEN);
  });

  it('has as many panels, and no more lines than it can show, for fifty as for one', () => {
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
    ['a publisher with', 'publish-refused'],
    ['instances near', 'instances-near-maximum'],
    ['a certificate with', 'certificate-expires'],
  ])('tell once of "%s", for one sick system as for fifty', (name, policy) => {
    expect(incidents(name, (system) => system === 37)).toEqual([policy]);
    expect(incidents(name, () => true)).toEqual([policy]);
  });

  it('do not tell of one prober of fifty that is silent: what has no data is in no comparison', () => {
    const broken = 'the pipeline is broken';
    expect(incidents(broken, (system) => system === 37, all)).toEqual([]);
    expect(incidents(broken, () => true, all)).toEqual(['probe-failing']);
  });

  it('are silent while all fifty are well, though they are billed together more than one may be', () => {
    expect(incidents('a good day', () => false)).toEqual([]);
  });
});

it('the report has panels, lines and notifications of one system beside those of fifty', () => {
  const trace = traceOf('the table refuses');
  const report = renderFleet([{ one: tryFleet(trace, 1), many: tryFleet(trace, 50) }]);
  expect(report).toMatch(/panels at 1 \/ 50 .*\n.* Oldest message that waits +9 \/ 9 +8 \/ 80 +5 +1 +5\n/);
}, 60_000);

it('the dashboard of a service has a panel for each golden signal, the pipeline and the cost', () => {
  const titles = serviceDashboard().mosaicLayout.tiles.map(({ widget }) => widget.title);
  for (const part of ['Requests', 'Latency', 'Errors', 'Saturation']) {
    expect(titles).toContainEqual(expect.stringContaining(part));
  }
  for (const part of ['Published', 'Written', 'Oldest message', 'Dead letters', 'Read', 'Cost']) {
    expect(titles).toContainEqual(expect.stringContaining(part));
  }
});
