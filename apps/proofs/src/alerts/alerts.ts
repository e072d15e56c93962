import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '@records/cli';
import { prometheusRulesFile } from '@records/monitoring';
import { findPromtool, runPromtool, TRACES, tryOut } from '@records/monitoring/evaluate';
import { FILES } from '../shared/files.ts';
import { conclude } from '../shared/report.ts';
import { renewTables } from './documents.ts';
import { FLEET_SIZE, tryFleet } from './fleet-trial.ts';
import { renderFleet, renderTrials } from './report.ts';

/** Plays each trace to the alert policies, and to the Prometheus rules where wanted. */
export function proveAlerts(json: boolean, withPromtool: boolean): void {
  const promtool = withPromtool ? findPromtool() : undefined;
  if (withPromtool && promtool === undefined) {
    throw new UserError('promtool is not installed', {
      hint: 'on Debian and Ubuntu: apt install prometheus; elsewhere set PROMTOOL to its path',
    });
  }
  const trials = TRACES.map((trace) => tryOut(trace));
  console.log(json ? JSON.stringify(trials, undefined, 2) : renderTrials(trials));
  const broken = trials.flatMap(({ trace, missed, falseAlarms }) => [
    ...missed.map((alert) => `${alert} missed: ${trace.name}`),
    ...falseAlarms.map((alert) => `${alert} fired without need: ${trace.name}`),
  ]);
  if (promtool !== undefined) {
    const { passed, output } = runPromtool(promtool, trials);
    console.error(output);
    if (!passed) broken.push('promtool does not agree');
  }
  conclude(broken, console.error);
}

/** Plays each trace that fires an alert to one system, and to one of many. */
export function proveFleet(json: boolean): void {
  const pairs = TRACES.filter(({ fires }) => Object.keys(fires).length > 0).map((trace) => ({
    one: tryFleet(trace, 1),
    many: tryFleet(trace, FLEET_SIZE),
  }));
  console.log(json ? JSON.stringify(pairs, undefined, 2) : renderFleet(pairs));
  const unseen = pairs.filter(({ many }) => many.firstIn.length + many.notified.length === 0);
  conclude(
    unseen.map(({ many }) => `neither first on a panel nor notified: ${many.trace}`),
    console.error,
  );
}

/** Writes the Prometheus rules, and the generated tables of docs/monitoring.md. */
export function renewDocuments(): void {
  mkdirSync(dirname(FILES.rules), { recursive: true });
  writeFileSync(FILES.rules, prometheusRulesFile());
  writeFileSync(FILES.document, renewTables(readFileSync(FILES.document, 'utf8')));
  console.log(`Renewed ${FILES.rules}\n        ${FILES.document}`);
}
