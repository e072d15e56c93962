import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { renewTables } from './documents.ts';
import { FILES } from './files.ts';
import { tryFleet } from './fleet-trial.ts';
import { prometheusRulesFile } from './prometheus-rules.ts';
import { findPromtool, runPromtool } from './promtool.ts';
import { renderFleet, renderTrials } from './report.ts';
import { TRACES } from './traces.ts';
import { type Trial, tryOut } from './trial.ts';

const FLEET = 50;

const HELP = `pnpm alerts [--json] [--write] [--promtool] [--fleet]

Plays traces to the alert policies of Cloud Monitoring, by an evaluator of their filters, windows and durations, and
prints which alert fires, after how long, and when it resolves. Exits 1 when one is missed or should not have fired.

  --json      the same for a machine
  --write     renew docs/monitoring/prometheus-rules.yml and the tables of docs/monitoring.md, and play nothing
  --fleet     play each trace that fires to one of fifty systems instead: its place on the dashboard of the fleet, panels,
              lines and notifications beside those of one system; exits 1 when it is neither shown first nor told
  --promtool  also play them to the rules for Prometheus, by promtool (Debian: apt install prometheus), for a minute
`;

try {
  process.exitCode = run();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
  process.exitCode = 2;
}

function run(): number {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      promtool: { type: 'boolean', default: false },
      fleet: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.write) {
    mkdirSync(dirname(FILES.rules), { recursive: true });
    writeFileSync(FILES.rules, prometheusRulesFile());
    writeFileSync(FILES.document, renewTables(readFileSync(FILES.document, 'utf8')));
    console.log(`Renewed ${FILES.rules}\n        ${FILES.document}`);
    return 0;
  }
  if (values.fleet) return showFleet(values.json);
  const trials = TRACES.map((trace) => tryOut(trace));
  console.log(values.json ? JSON.stringify(trials, undefined, 2) : renderTrials(trials));
  const wrong = trials.some(({ missed, falseAlarms }) => missed.length + falseAlarms.length > 0);
  return wrong || (values.promtool && !playToPromtool(trials)) ? 1 : 0;
}

function showFleet(isJson: boolean): number {
  const pairs = TRACES.filter(({ fires }) => Object.keys(fires).length > 0).map((trace) => ({
    one: tryFleet(trace, 1),
    many: tryFleet(trace, FLEET),
  }));
  console.log(isJson ? JSON.stringify(pairs, undefined, 2) : renderFleet(pairs));
  return pairs.every(({ many }) => many.firstIn.length + many.notified.length > 0) ? 0 : 1;
}

function playToPromtool(trials: readonly Trial[]): boolean {
  const promtool = findPromtool();
  if (promtool === undefined) {
    console.error(
      'promtool is not installed. On Debian: apt install prometheus; elsewhere, set PROMTOOL to its path.',
    );
    return false;
  }
  const { passed, output } = runPromtool(promtool, trials);
  console.error(output);
  return passed;
}
