import { alertsFor, DEFAULT_LIMITS, type Limits } from './alerts.ts';
import { OBJECTIVES } from './objectives.ts';
import { fleetChart, type PanelName, serviceChart } from './panels.ts';
import { type Dashboard, mosaic, type Widget } from './widgets.ts';

/** Systems that a panel of the fleet shows: the worst ones. */
export const WORST = 10;

/** Blocks from the top: three rows of three panels, on a screen three quarters as high as it is wide. */
export const FIRST_SCREEN = 9;

const HEIGHT = 3;

/** Golden signals, the pipeline from publish to read, and cost. */
export function serviceDashboard(limits: Limits = DEFAULT_LIMITS): Dashboard {
  const row = (...names: readonly PanelName[]) => ({
    height: HEIGHT,
    widgets: names.map((name) => serviceChart(name, limits)),
  });
  return {
    displayName: 'Records: service',
    mosaicLayout: mosaic([
      section('Golden signals', 'traffic, latency, errors, saturation'),
      row('requests', 'latency'),
      row('errors', 'instances'),
      section('From publish to read', 'published, written, late, dead-lettered, and not readable'),
      row('published', 'written'),
      row('age', 'deadLetters'),
      row('oldestDeadLetter', 'warnings'),
      section('Lists', 'what they cost, how old they get, and which records they lack'),
      row('listBytes', 'listWindow', 'leftOut'),
      section('Cost and objectives', 'cost is of all queries in the project'),
      { height: HEIGHT, widgets: [serviceChart('billed', limits), objectives()] },
      { height: HEIGHT + 1, widgets: [alerts(limits)] },
    ]),
  };
}

/**
 * All systems of a metrics scope: one line per project, the worst ones only, so neither panels nor lines grow with the number of
 * systems. https://docs.cloud.google.com/monitoring/settings
 */
export function fleetDashboard(): Dashboard {
  const row = (...names: readonly PanelName[]) => ({
    height: FIRST_SCREEN / 3,
    widgets: names.map((name) => fleetChart(name, WORST)),
  });
  return {
    displayName: `Records: fleet, the worst ${WORST} systems of each panel`,
    mosaicLayout: mosaic([
      row('errors', 'age', 'deadLetters'),
      row('latency', 'billed', 'instances'),
      row('warnings', 'refused', 'oldestDeadLetter'),
      { height: 2, widgets: [objectives()] },
    ]),
  };
}

function objectives(): Widget {
  return text(
    'Objectives',
    OBJECTIVES.map(({ title, goal }) => `* ${title}: ${Number((goal * 100).toFixed(3))} %`),
  );
}

function alerts(limits: Limits): Widget {
  return text(
    'Alerts besides the burn rates of the objectives',
    alertsFor(limits).map(({ title, runbook }) => `* ${title}: docs/runbooks/${runbook}.md`),
  );
}

function text(title: string, lines: readonly string[]): Widget {
  return { title, text: { format: 'MARKDOWN', content: lines.join('\n') } };
}

function section(title: string, subtitle: string): { height: number; widgets: Widget[] } {
  return { height: 1, widgets: [{ title, sectionHeader: { subtitle } }] };
}
