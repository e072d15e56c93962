import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { renewTables } from './documents.ts';
import { FILES } from './files.ts';
import { prometheusRulesFile } from './prometheus-rules.ts';
import { findPromtool, runPromtool } from './promtool.ts';
import { renderTrials } from './report.ts';
import { TRACES } from './traces.ts';
import { type Trial, tryOut } from './trial.ts';

const HELP = `pnpm alerts [--json] [--write] [--promtool]

Plays traces to the alert policies of Cloud Monitoring, by an evaluator of their filters, windows and durations, and
prints which alert fires, after how long, and when it resolves. Exits 1 when one is missed or should not have fired.

  --json      the same for a machine
  --write     renew docs/monitoring/prometheus-rules.yml and the tables of docs/monitoring.md, and play nothing
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
  const trials = TRACES.map((trace) => tryOut(trace));
  console.log(values.json ? JSON.stringify(trials, undefined, 2) : renderTrials(trials));
  const wrong = trials.some(({ missed, falseAlarms }) => missed.length + falseAlarms.length > 0);
  return wrong || (values.promtool && !playToPromtool(trials)) ? 1 : 0;
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
