import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { prometheusRulesFile } from '@records/monitoring';
import { TRACES, type Trace, tryOut } from '@records/monitoring/evaluate';
import { renewTables } from '../src/alerts/documents.ts';
import { tryFleet } from '../src/alerts/fleet-trial.ts';
import { renderFleet, renderTrials } from '../src/alerts/report.ts';
import { FILES } from '../src/shared/files.ts';

function tracesNamed(pattern: RegExp): Trace[] {
  return TRACES.filter(({ name }) => pattern.test(name));
}

describe('generated files; after an intended change, renew them: pnpm prove alerts --write', () => {
  it('the rules for Prometheus are current', () => {
    expect(readFileSync(FILES.rules, 'utf8')).toBe(prometheusRulesFile());
  });

  it('the tables of docs/monitoring.md are current', () => {
    const document = readFileSync(FILES.document, 'utf8');
    expect(document).toBe(renewTables(document));
  });
});

it('the report says what fired, after how long, and how many alerts were wrong', () => {
  const [outage, ...others] = tracesNamed(/^full outage|^a good day/)
    .map((trace) => tryOut(trace))
    .reverse();
  if (!outage) throw new Error('there is no trace of a full outage');
  const missed = { ...outage, missed: ['cost-runaway'], falseAlarms: ['unreachable'] };
  const report = renderTrials([outage, ...others, missed]);
  expect(report).toMatch(/full outage for 30 minutes +availability-burns-14\.4x +1 min +5 min\n/);
  expect(report).toMatch(/a good day +silent\n/);
  expect(report).toMatch(/unreachable +3 min +1 min +FALSE ALARM\n/);
  expect(report).toMatch(/cost-runaway +never +MISSED\n/);
  expect(report).toContain('3 incidents, 1 missed, 1 false alarms.');
});

it('the report on a fleet has panels, lines and notifications of one system beside those of fifty', () => {
  const pairs = tracesNamed(/^the table refuses/).map((trace) => ({
    one: tryFleet(trace, 1),
    many: tryFleet(trace, 50),
  }));
  expect(renderFleet(pairs)).toMatch(
    /panels at 1 \/ 50 .*\n.* Oldest message not yet written +9 \/ 9 +8 \/ 80 +4 +1 +4\n/,
  );
});
