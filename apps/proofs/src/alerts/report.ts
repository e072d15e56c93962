import { table } from '@records/cli';
import { WORST } from '@records/monitoring';
import type { Trial } from '@records/monitoring/evaluate';
import type { FleetTrial } from './fleet-trial.ts';

/** A line per incident and alert, in minutes from the start of the trouble and from its end. */
export function renderTrials(trials: readonly Trial[]): string {
  const rows = trials.flatMap(({ trace, firings, missed, falseAlarms }) => {
    const fired = firings.map(({ alert, after, resolved }) => [
      alert,
      `${after} min`,
      resolved === undefined ? 'open' : resolved < 0 ? 'before the end' : `${resolved} min`,
      falseAlarms.includes(alert) ? 'FALSE ALARM' : '',
    ]);
    const silent = missed.map((alert) => [alert, 'never', '', 'MISSED']);
    const lines = [...fired, ...silent];
    return (lines.length > 0 ? lines : [['silent']]).map((line, index) => [
      index === 0 ? trace.name : '',
      ...line,
    ]);
  });
  const count = (key: 'missed' | 'falseAlarms') => trials.reduce((sum, trial) => sum + trial[key].length, 0);
  const unknown = Object.entries(trials[0]?.cannotTell ?? {}).map(
    ([alert, why]) => `Cannot tell about ${alert}: ${why}.`,
  );
  return [
    table([['incident', 'alert', 'fires after', 'resolves after', ''], ...rows]),
    '',
    `${trials.length} incidents, ${count('missed')} missed, ${count('falseAlarms')} false alarms.`,
    ...unknown,
  ].join('\n');
}

/** How one sick system is seen, alone and among many: its place, panels, lines and notifications. */
export function renderFleet(
  pairs: readonly { readonly one: FleetTrial; readonly many: FleetTrial }[],
): string {
  const size = pairs[0]?.many.size ?? 0;
  const rows = pairs.map(({ one, many }) => [
    many.trace,
    many.firstIn.join(', ') || 'none',
    `${one.panels} / ${many.panels}`,
    `${one.lines} / ${many.lines}`,
    `${one.notified.length}`,
    `${many.notified.length}`,
    `${many.notifiedIfAll.length}`,
  ]);
  const head = [
    'incident of the sick system',
    `first of ${size} on the first screen, in`,
    `panels at 1 / ${size}`,
    'lines',
    'notified at 1',
    `of ${size}, one sick`,
    'all sick',
  ];
  return `${table([head, ...rows])}

A panel draws at most the ${WORST} worst systems. Notifications are those of policies that watch all systems as one scope:
a threshold compares the worst system and notifies once; an objective sees the requests of all systems as one.
When each of ${size} systems has its own policies, ${size} sick ones notify ${size} times as often as one: Cloud Monitoring does not group policies.`;
}
