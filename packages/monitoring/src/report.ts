import type { Trial } from './trial.ts';

/** A line per trace and alert: minutes from the start of the trouble, and from its end. */
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
    return (lines.length > 0 ? lines : [['silent', '', '', '']]).map((line, index) => [
      index === 0 ? trace.name : '',
      ...line,
    ]);
  });
  const head = ['trace', 'alert', 'fires after', 'resolves after', ''];
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const table = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const count = (key: 'missed' | 'falseAlarms') => trials.reduce((sum, trial) => sum + trial[key].length, 0);
  const unknown = Object.entries(trials[0]?.cannotTell ?? {}).map(
    ([alert, why]) => `Can not tell: ${alert}, ${why}.`,
  );
  return [
    ...table,
    '',
    `${trials.length} traces, ${count('missed')} missed, ${count('falseAlarms')} false alarms.`,
    ...unknown,
  ].join('\n');
}
