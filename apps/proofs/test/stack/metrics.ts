import { describe, expect, it } from '@jest/globals';
import { prometheusRules, prometheusRulesFile } from '@records/monitoring';
import { getUntil, publish } from './requests.ts';
import { pubsub, stack } from './shared.ts';

/** Keywords of PromQL in the rules; any other name is a series. */
const PROMQL = new Set(['sum', 'max', 'increase', 'avg_over_time', 'and', 'bool']);

const record = { id: 'metrics-luz', nombre: 'Luz', apellido: 'Núñez', pais: 'Perú' };

/** The series that the rules read, each with its selectors. */
function readByRules(): Map<string, Set<string>> {
  const recorded = new Set(
    [...prometheusRulesFile().matchAll(/^ +- record: (.+)$/gm)].map(([, name]) => name),
  );
  const expressions = [...prometheusRulesFile().matchAll(/^ +-? *expr: (.+)$/gm)].map(
    ([, text = '']) => text,
  );
  expect(expressions).toHaveLength(prometheusRules().length + recorded.size);
  const read = new Map<string, Set<string>>();
  for (const expression of expressions) {
    const withoutRanges = expression.replace(/\[\w+\]/g, '');
    for (const [, name = '', selector = ''] of withoutRanges.matchAll(
      /(?<![\w:"])([a-zA-Z_][\w:]*)(\{[^}]*\})?/g,
    )) {
      if (PROMQL.has(name) || recorded.has(name)) continue;
      read.set(name, (read.get(name) ?? new Set()).add(selector));
    }
  }
  return read;
}

/** Whether a line has the labels of a selector. Only `=` compares the value. */
function matches(line: string, selector: string): boolean {
  return [...selector.matchAll(/(\w+)(=~|!=|!~|=)"([^"]*)"/g)].every(([, label, operator, value]) =>
    operator === '=' ? line.includes(`${label}="${value}"`) : line.includes(`${label}="`),
  );
}

describe('the metrics of a local stack', () => {
  it('include every series that the rules for Prometheus read, with the labels they select', async () => {
    const { apiUrl, topic } = stack.outputs;
    await publish(pubsub, topic, record);
    await getUntil(`${apiUrl}/records/${record.id}`, 200);
    await (await fetch(`${apiUrl}/records`)).text();
    expect(Object.keys(stack.metrics).sort()).toEqual(['local-cloud', 'records-api']);
    const served = await Promise.all(
      Object.values(stack.metrics).map(async (url) => (await fetch(url)).text()),
    );
    const lines = served.join('').split('\n');

    const read = readByRules();
    const missing = [...read].flatMap(([name, selectors]) =>
      [...selectors]
        .filter(
          (selector) => !lines.some((line) => /^[\w:]+/.exec(line)?.[0] === name && matches(line, selector)),
        )
        .map((selector) => name + selector),
    );
    expect(missing).toEqual([]);
    expect([...read.keys()].filter((name) => name.startsWith('pubsub')).sort()).toEqual([
      'pubsub_googleapis_com:subscription_ack_message_count',
      'pubsub_googleapis_com:subscription_dead_letter_message_count',
      'pubsub_googleapis_com:subscription_oldest_unacked_message_age',
      'pubsub_googleapis_com:topic_send_request_count',
    ]);
  });

  it('keep their address when the API restarts', async () => {
    const before = stack.metrics;
    await stack.restartApi();
    expect(stack.metrics).toEqual(before);
    for (const url of Object.values(before)) expect((await fetch(url)).status).toBe(200);
  });
});
