import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Command, Option, UserError, verb } from '@records/cli';
import { prometheusRulesFile } from '@records/monitoring';
import { findPromtool, runPromtool, TRACES, type Trial, tryOut } from '@records/monitoring/evaluate';
import { FILES } from '../files.ts';
import { renewTables } from './documents.ts';
import { tryFleet } from './fleet-trial.ts';
import { renderFleet, renderTrials } from './report.ts';

const FLEET = 50;

/** Adds `alerts`. */
export function addAlerts(parent: Command): void {
  verb(parent, 'alerts', {
    summary: 'play outages, blips and slow burns to the alerts: which fires, and when',
    example: 'pnpm prove alerts',
    description:
      'Plays traces to the alert policies of Cloud Monitoring, and prints which alert fires, after how long, and when it resolves. ' +
      'An evaluator of their filters, windows and durations stands for Cloud Monitoring.',
    more: 'Exits with 1 when an alert is missed or fires without need.',
  })
    .option('--json', 'print JSON')
    .option('--promtool', 'also play the traces to the Prometheus rules, by promtool; takes a minute')
    .option('--fleet', `play each trace that fires to one of ${FLEET} systems, and print how it is seen`)
    .addOption(
      new Option(
        '--write',
        'renew docs/monitoring/prometheus-rules.yml and the tables of docs/monitoring.md',
      ).conflicts(['json', 'promtool', 'fleet']),
    )
    .action(({ json = false, promtool = false, fleet = false, write = false }) => {
      if (write) renewDocuments();
      else if (fleet) showFleet(json);
      else showTrials(json, promtool);
    });
}

function renewDocuments(): void {
  mkdirSync(dirname(FILES.rules), { recursive: true });
  writeFileSync(FILES.rules, prometheusRulesFile());
  writeFileSync(FILES.document, renewTables(readFileSync(FILES.document, 'utf8')));
  console.log(`Renewed ${FILES.rules}\n        ${FILES.document}`);
}

function showTrials(json: boolean, promtool: boolean): void {
  const trials = TRACES.map((trace) => tryOut(trace));
  console.log(json ? JSON.stringify(trials, undefined, 2) : renderTrials(trials));
  const wrong = trials.filter(({ missed, falseAlarms }) => missed.length + falseAlarms.length > 0);
  if (wrong.length > 0)
    throw new UserError(
      `wrong alerts in ${wrong.length} traces: ${wrong.map(({ trace }) => trace.name).join('; ')}`,
    );
  if (promtool) playToPromtool(trials);
}

function showFleet(json: boolean): void {
  const pairs = TRACES.filter(({ fires }) => Object.keys(fires).length > 0).map((trace) => ({
    one: tryFleet(trace, 1),
    many: tryFleet(trace, FLEET),
  }));
  console.log(json ? JSON.stringify(pairs, undefined, 2) : renderFleet(pairs));
  const unseen = pairs.filter(({ many }) => many.firstIn.length + many.notified.length === 0);
  if (unseen.length > 0)
    throw new UserError(
      `neither first on a panel nor notified: ${unseen.map(({ many }) => many.trace).join('; ')}`,
    );
}

function playToPromtool(trials: readonly Trial[]): void {
  const promtool = findPromtool();
  if (promtool === undefined) {
    throw new UserError('promtool is not installed', {
      hint: 'On Debian: apt install prometheus. Elsewhere, set PROMTOOL to its path.',
    });
  }
  const { passed, output } = runPromtool(promtool, trials);
  console.error(output);
  if (!passed) throw new UserError('promtool does not agree: its output is above');
}
