import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { UserError } from '@records/cli';
import { LocalStack } from '@records/local';
import { prometheusRules, REAL_TIME, TimeLapse } from '@records/monitoring';
import { findPromtool } from '@records/monitoring/evaluate';
import { type AlertState, changesOf, changeText } from '../src/observe/alerts.ts';
import { configurationFiles, targetsFile } from '../src/observe/configuration.ts';
import { observe } from '../src/observe/observe.ts';
import { findPrograms, type Programs } from '../src/observe/programs.ts';
import { prove } from '../src/program.ts';
import { REPOSITORY } from '../src/shared/paths.ts';

const programs = installed();
const whereInstalled = programs === undefined ? it.skip : it;
const promtool = findPromtool();

function installed(): Programs | undefined {
  try {
    return findPrograms();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

const alert = (state: AlertState['state'], name = 'backlog-stuck'): AlertState => ({
  name,
  state,
  severity: 'page',
  summary: 'Messages wait',
  runbook: 'docs/runbooks/backlog.md',
});

describe('the changes between two states of the alerts', () => {
  it.each([
    ['inactive', 'pending', 'pending'],
    ['inactive', 'firing', 'firing'],
    ['pending', 'firing', 'firing'],
    ['pending', 'inactive', 'passed'],
    ['firing', 'inactive', 'resolved'],
    ['firing', 'pending', 'pending'],
  ] as const)('from %s to %s are "%s"', (before, now, change) => {
    expect(changesOf([alert(before)], [alert(now)])).toEqual([{ alert: alert(now), change }]);
  });

  it.each(['inactive', 'pending', 'firing'] as const)('are empty while an alert stays %s', (state) => {
    expect(changesOf([alert(state)], [alert(state)])).toEqual([]);
  });

  it('treat an unknown alert as one that was inactive', () => {
    const now = [alert('inactive', 'quiet'), alert('firing')];
    expect(changesOf([], now)).toEqual([{ alert: alert('firing'), change: 'firing' }]);
  });

  it('name the runbook when the alert needs attention', () => {
    expect(changeText({ alert: alert('firing'), change: 'firing' })).toBe(
      'firing    backlog-stuck                 page    Messages wait: docs/runbooks/backlog.md',
    );
    expect(changeText({ alert: alert('inactive'), change: 'resolved' })).toBe('resolved  backlog-stuck');
  });
});

describe('the configuration', () => {
  const files = (time: TimeLapse) =>
    configurationFiles({ rules: prometheusRules(time), time, alertmanager: '127.0.0.1:9093' });

  it('scrapes each address under its own name and path', () => {
    expect(JSON.parse(targetsFile({ api: 'http://127.0.0.1:9464/metrics' }))).toEqual([
      { targets: ['127.0.0.1:9464'], labels: { job: 'api', __metrics_path__: '/metrics' } },
    ]);
  });

  it('scrapes ten times in the shortest window of a rule, at any time-lapse', () => {
    expect(JSON.parse(files(REAL_TIME)['prometheus.yml'] ?? '').global.scrape_interval).toBe('30s');
    const fast = JSON.parse(files(new TimeLapse(60))['prometheus.yml'] ?? '');
    expect(fast.global).toEqual({ scrape_interval: '500ms', evaluation_interval: '1s' });
  });

  (promtool === undefined ? it.skip : it).each([1, 7, 60, 300])(
    'is valid for a time-lapse of %i, by promtool where it is installed',
    (factor) => {
      const folder = mkdtempSync(join(tmpdir(), 'observe-test-'));
      try {
        const written = { ...files(new TimeLapse(factor)), 'targets.json': targetsFile({}) };
        for (const [name, text] of Object.entries(written)) writeFileSync(join(folder, name), text);
        const checked = spawnSync(promtool ?? '', ['check', 'config', 'prometheus.yml'], { cwd: folder });
        expect(String(checked.stderr) + checked.stdout).toContain(
          `${prometheusRules().length + 1} rules found`,
        );
        expect(checked.status).toBe(0);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});

describe('pnpm prove observe', () => {
  it('fails and says what to install when the programs are missing', () => {
    const cli = join(REPOSITORY, 'apps', 'proofs', 'src', 'cli.ts');
    // A folder without programs.
    const env = { PATH: join(REPOSITORY, 'docs') };
    const { status, stderr } = spawnSync(process.execPath, [cli, 'observe'], { env, encoding: 'utf8' });
    expect(stderr).toBe(
      'error: prometheus and prometheus-alertmanager cannot be run on this machine\n' +
        '       on Debian and Ubuntu: apt install prometheus prometheus-alertmanager; ' +
        'elsewhere set PROMETHEUS and ALERTMANAGER to the paths of the programs\n',
    );
    expect(status).toBe(1);
  });

  it.each(['0', '301', 'fast'])('refuses a time-lapse of %s', async (factor) => {
    let output = '';
    for (const command of prove.commands) command.configureOutput({ writeErr: (text) => (output += text) });
    const parsed = prove.parseAsync(['observe', '--time-lapse', factor], { from: 'user' });
    await expect(parsed).rejects.toMatchObject({ exitCode: 1 });
    expect(output).toContain(`"${factor}" must be an integer from 1 to 300`);
  });

  it('fails without a running stack', async () => {
    const nothing = observe({
      programs: { prometheus: '', alertmanager: '' },
      time: REAL_TIME,
      findStack: async () => undefined,
      print: () => {},
      signal: new AbortController().signal,
    });
    await expect(nothing).rejects.toThrow(UserError);
  });

  whereInstalled(
    'prints its addresses, and an alert of the running stack when it fires and when it resolves (needs Prometheus and Alertmanager)',
    async () => {
      await using stack = await LocalStack.create();
      const { outputs, environment, metrics } = stack;
      const observed = new Observed();
      const done = observe({
        programs: programs as Programs,
        time: new TimeLapse(100),
        findStack: async () => ({ pid: process.pid, outputs: { ...outputs }, environment, metrics }),
        print: (line) => observed.print(line),
        signal: observed.end.signal,
      });
      done.catch((error: unknown) => observed.fail(error));
      const [, prometheus = ''] = await observed.line(/^Prometheus +(\S+)\/alerts$/);
      const [, alertmanager = ''] = await observed.line(/^Alertmanager +(\S+)$/);
      await scraped(prometheus, Object.keys(metrics));

      const refused = { topic: outputs.topic, messages: [{ data: Buffer.from('no record') }] };
      for (let count = 0; count < 30; count++) {
        await expect(stack.cloud.pubsub.publish(refused)).rejects.toThrow();
      }
      await observed.line(
        /firing +publish-refused +ticket +Publishers are refused: docs\/runbooks\/publish-refused\.md$/,
      );
      await observed.line(/resolved +publish-refused$/);
      observed.end.abort();
      await done;
      for (const url of [prometheus, alertmanager]) await expect(fetch(url)).rejects.toThrow();
    },
    120_000,
  );
});

/** Collects the printed lines and waits for one. */
class Observed {
  readonly end = new AbortController();
  readonly #lines: string[] = [];
  #failed: unknown;
  #wake: () => void = () => {};

  print(line: string): void {
    this.#lines.push(line);
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failed = error;
    this.#wake();
  }

  async line(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      if (this.#failed) throw this.#failed;
      const found = this.#lines.map((line) => pattern.exec(line)).find((match) => match !== null);
      if (found) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Waits until Prometheus has scraped every target: a counter's first value is no increase. */
async function scraped(prometheus: string, jobs: readonly string[]): Promise<void> {
  for (;;) {
    const response = await fetch(`${prometheus}/api/v1/query?query=up`);
    const { data } = (await response.json()) as {
      data: { result: { metric: { job: string }; value: [number, string] }[] };
    };
    const up = data.result.filter(({ value }) => value[1] === '1').map(({ metric }) => metric.job);
    if (jobs.every((job) => up.includes(job))) return;
  }
}
