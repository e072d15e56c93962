import {
  alertsFor,
  budgetSpent,
  CLOUD_BURN_RATES,
  DEFAULT_LIMITS,
  duration,
  errorBudget,
  OBJECTIVES,
  PROMETHEUS_BURN_RATES,
  togetherAvailable,
} from '@records/monitoring';
import { TRACES, tryOut } from '@records/monitoring/evaluate';

/** The tables of docs/monitoring.md, by the name of their marker. */
const TABLES: Readonly<Record<string, () => string>> = {
  objectives: () =>
    table(
      ['objective', 'counts as good', 'goal', 'its parts promise', 'error budget in 30 days', 'why not more'],
      OBJECTIVES.map((objective) => {
        const { minutes, perMillion } = errorBudget(objective);
        const parts = objective.parts.map(({ name }) => name).join(' and ');
        return [
          objective.title,
          objective.indicator,
          percent(objective.goal),
          `${percent(togetherAvailable(objective.parts))} (${parts})`,
          `${minutes.toFixed(1)} minutes of total failure, or ${Math.round(perMillion)} of a million ${objective.unit}s`,
          objective.reason,
        ];
      }),
    ),
  'burn-rates': () =>
    table(
      ['burn rate', 'over', 'and over', 'budget spent', 'severity', 'in'],
      [...new Set([...CLOUD_BURN_RATES, ...PROMETHEUS_BURN_RATES])].map((burn) => [
        `${burn.rate}`,
        duration(burn.longSeconds),
        duration(burn.shortSeconds),
        percent(budgetSpent(burn, 30)),
        burn.severity,
        [
          ...(CLOUD_BURN_RATES.includes(burn) ? ['Cloud Monitoring'] : []),
          ...(PROMETHEUS_BURN_RATES.includes(burn) ? ['Prometheus'] : []),
        ].join(', '),
      ]),
    ),
  alerts: () =>
    table(
      ['alert', 'fires on', 'severity', 'what a burn rate would miss', 'in Prometheus', 'runbook'],
      alertsFor(DEFAULT_LIMITS).map(({ id, condition, severity, why, prometheus, runbook }) => [
        `\`${id}\``,
        condition.title,
        severity,
        why,
        prometheus && 'noneBecause' in prometheus ? `no: ${prometheus.noneBecause}` : 'the same',
        `[${runbook}](runbooks/${runbook}.md)`,
      ]),
    ),
  trials: () =>
    table(
      [
        'incident',
        'alert',
        'fires after, minutes',
        'resolves after its end, minutes',
        'false alarms',
        'missed',
      ],
      TRACES.map((trace) => {
        const { firings, falseAlarms, missed } = tryOut(trace);
        const each = (cell: (firing: (typeof firings)[number]) => string) => firings.map(cell).join('<br>');
        return [
          trace.name,
          each(({ alert }) => `\`${alert}\``) || 'silent',
          each(({ after }) => `${after}`),
          each(({ resolved }) => (resolved === undefined ? 'open' : resolved < 0 ? 'before' : `${resolved}`)),
          `${falseAlarms.length}`,
          `${missed.length}`,
        ];
      }),
    ),
};

/** The document with its tables renewed. Throws RangeError when the markers of a table are missing. */
export function renewTables(document: string): string {
  return Object.entries(TABLES).reduce((text, [name, render]) => {
    const place = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- end -->)`);
    if (!place.test(text)) throw new RangeError(`the document has no <!-- ${name} --> … <!-- end -->`);
    return text.replace(place, (_, start: string, end: string) => `${start}\n${render()}\n${end}`);
  }, document);
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(3))} %`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}
