/** The state of an alert at one moment. */
export interface AlertState {
  readonly name: string;
  readonly state: 'inactive' | 'pending' | 'firing';
  readonly severity: string;
  readonly summary: string;
  readonly runbook: string;
}

/** How an alert changed. `passed`: it stopped pending before it fired. */
type Change = 'pending' | 'firing' | 'resolved' | 'passed';

export interface AlertChange {
  readonly alert: AlertState;
  readonly change: Change;
}

/** https://prometheus.io/docs/prometheus/latest/querying/api/#rules */
interface RulesAnswer {
  readonly data: {
    readonly groups: readonly {
      readonly rules: readonly {
        readonly name: string;
        readonly state: AlertState['state'];
        readonly labels: Readonly<Record<string, string>>;
        readonly annotations: Readonly<Record<string, string>>;
      }[];
    }[];
  };
}

/** Throws when Prometheus does not answer. */
export async function readAlerts(prometheusUrl: string, signal: AbortSignal): Promise<AlertState[]> {
  const url = `${prometheusUrl}/api/v1/rules?type=alert`;
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  const { data } = (await response.json()) as RulesAnswer;
  return data.groups
    .flatMap(({ rules }) => rules)
    .map(({ name, state, labels, annotations }) => ({
      name,
      state,
      severity: labels.severity ?? '',
      summary: annotations.summary ?? '',
      runbook: annotations.runbook ?? '',
    }));
}

/** The changes between two states, in the order of the rules. An alert missing from `before` counts as inactive. */
export function changesOf(before: readonly AlertState[], now: readonly AlertState[]): AlertChange[] {
  const states = new Map(before.map(({ name, state }) => [name, state]));
  return now.flatMap((alert) => {
    const change = changeOf(states.get(alert.name) ?? 'inactive', alert.state);
    return change === undefined ? [] : [{ alert, change }];
  });
}

function changeOf(before: AlertState['state'], now: AlertState['state']): Change | undefined {
  if (before === now) return undefined;
  if (now !== 'inactive') return now;
  return before === 'firing' ? 'resolved' : 'passed';
}

/** One line, with the runbook when the alert needs attention. */
export function changeText({ alert, change }: AlertChange): string {
  const { name, severity, summary, runbook } = alert;
  const says = `${change.padEnd(8)}  ${name.padEnd(28)}`;
  return change === 'pending' || change === 'firing'
    ? `${says}  ${severity.padEnd(6)}  ${summary}: ${runbook}`
    : says.trimEnd();
}
