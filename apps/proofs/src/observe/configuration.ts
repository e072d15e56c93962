import { prometheusRulesFile, type Rule, type TimeLapse } from '@records/monitoring';

/** Files of one folder, written as JSON, which is valid YAML. */
export const FILE_NAMES = {
  prometheus: 'prometheus.yml',
  rules: 'rules.yml',
  targets: 'targets.json',
  alertmanager: 'alertmanager.yml',
} as const;

/** Ten scrapes fit into the shortest window of a rule. */
const SCRAPE_SECONDS = 30;
const EVALUATE_SECONDS = 60;

/** Seconds, as in https://prometheus.io/docs/alerting/latest/configuration/#route. */
const GROUP_WAIT_SECONDS = 30;
const GROUP_INTERVAL_SECONDS = 300;
const REPEAT_SECONDS = 4 * 3_600;

export interface ConfigurationOptions {
  readonly rules: readonly Rule[];
  readonly time: TimeLapse;
  /** `127.0.0.1:PORT` */
  readonly alertmanager: string;
}

/** Contents by file name, without the targets, which change. */
export function configurationFiles(options: ConfigurationOptions): Readonly<Record<string, string>> {
  const { rules, time, alertmanager } = options;
  const { prometheus, rules: rulesName, targets, alertmanager: alertmanagerName } = FILE_NAMES;
  const prometheusConfiguration = {
    global: {
      scrape_interval: time.window(SCRAPE_SECONDS),
      evaluation_interval: time.window(EVALUATE_SECONDS),
    },
    rule_files: [rulesName],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [{ job_name: 'local', file_sd_configs: [{ files: [targets], refresh_interval: '5s' }] }],
  };
  const alertmanagerConfiguration = {
    route: {
      receiver: 'this-machine',
      // One notification for pages, one for tickets.
      group_by: ['severity'],
      group_wait: time.window(GROUP_WAIT_SECONDS),
      group_interval: time.window(GROUP_INTERVAL_SECONDS),
      repeat_interval: time.window(REPEAT_SECONDS),
    },
    // Sends nothing; Alertmanager's page shows the groups.
    receivers: [{ name: 'this-machine' }],
  };
  return {
    [prometheus]: text(prometheusConfiguration),
    [rulesName]: prometheusRulesFile(rules, time),
    [alertmanagerName]: text(alertmanagerConfiguration),
  };
}

/** The targets to scrape. `metrics`: URLs by the name of the job. */
export function targetsFile(metrics: Readonly<Record<string, string>>): string {
  const targets = Object.entries(metrics).map(([job, url]) => {
    const { host, pathname } = new URL(url);
    return { targets: [host], labels: { job, __metrics_path__: pathname } };
  });
  return text(targets);
}

function text(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
