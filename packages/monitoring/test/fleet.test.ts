import { describe, expect, it } from '@jest/globals';
import {
  cloudSeries,
  DEFAULT_LIMITS,
  evaluate,
  fleetDashboard,
  linesOf,
  momentsOf,
  policiesFor,
  type Series,
  START,
  serviceDashboard,
  TRACES,
  WORST,
} from '../src/index.ts';

/** What the metrics scope has of so many systems, those named of which live through a trace. */
function fleet(size: number, name: string, isSick: (system: number) => boolean): Series[] {
  const healthy = momentsOf(traceOf('a good day')).slice(START - 60);
  const sick = momentsOf(traceOf(name)).slice(START - 60);
  return Array.from({ length: size }, (_, system) =>
    cloudSeries(isSick(system) ? sick : healthy).map((series) => ({
      ...series,
      labels: { ...series.labels, 'resource.labels.project_id': `system-${system}` },
    })),
  ).flat();
}

function traceOf(start: string) {
  const found = TRACES.find(({ name }) => name.startsWith(start));
  if (!found) throw new Error(`there is no trace ${start}`);
  return found;
}

const { tiles } = fleetDashboard().mosaicLayout;
const charts = tiles.filter(({ widget }) => 'xyChart' in widget);

describe('the dashboard of a fleet of fifty systems', () => {
  it.each([
    ['full outage', 'Answers 5xx'],
    ['the table refuses', 'Seconds that the oldest message waits'],
    ['a burst of poison', 'Dead letters'],
    ['cost runaway', 'Bytes billed'],
  ])('shows the one with "%s" first, in the panel "%s", on the first screen', (trace, title) => {
    const series = fleet(50, trace, (system) => system === 37);
    const panel = charts.find(({ widget }) => 'title' in widget && String(widget.title).startsWith(title));
    if (!panel) throw new Error(`there is no panel ${title}`);
    expect(linesOf(panel, series)[0]).toBe('system-37');
    expect(panel.yPos).toBeLessThan(12);
  });

  it('has as many panels, and no more lines than it can show, for fifty as for one', () => {
    const lines = (size: number) =>
      charts.map(
        (tile) =>
          linesOf(
            tile,
            fleet(size, 'full outage', () => true),
          ).length,
      );
    expect(lines(1)).toEqual(charts.map(() => 1));
    // Bytes billed and instances included: every panel is cut at the worst.
    expect(lines(50)).toEqual(charts.map(() => WORST));
  });

  it('opens one incident for fifty stuck backlogs, not fifty', () => {
    const series = fleet(50, 'the table refuses', () => true);
    const policies = policiesFor(DEFAULT_LIMITS).filter(({ id }) => id === 'backlog-stuck');
    expect(evaluate({ minutes: 120, series, policies }).incidents).toHaveLength(1);
  });
});

it('the dashboard of a service has a panel for each golden signal, the pipeline and the cost', () => {
  const titles = serviceDashboard().mosaicLayout.tiles.map(({ widget }) =>
    'title' in widget ? widget.title : '',
  );
  for (const part of ['Requests', '99th', '5xx', 'Instances', 'Publish', 'oldest', 'Dead', 'billed']) {
    expect(titles).toContainEqual(expect.stringContaining(part));
  }
});
