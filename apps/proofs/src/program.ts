import { InvalidArgumentError, integer, interruption, Option, program, verb } from '@records/cli';
import { addE2e, addProbe } from '@records/prober/commands';
import { FILES } from './shared/files.ts';

const SEED_MAX = 2 ** 32 - 1;
const seedOf = integer(0, SEED_MAX);

export const prove = program('prove', {
  summary: 'prove the promises of the system',
  example: 'pnpm prove chaos --seed 7',
  description: 'Proves the promises of the system, most of them on a local stack of its own.',
  more: 'A proof prints BAD for each promise that is broken, and then exits with 1. Without any, it prints GOOD.',
});

verb(prove, 'alerts', {
  summary: 'each simulated incident fires its alerts, and only those',
  example: 'pnpm prove alerts',
  description:
    'Plays simulated incidents to an evaluator of the alert policies, and prints which alert fires, after how long, and when ' +
    'it resolves.',
})
  .option('--json', 'print JSON')
  .option('--promtool', 'also play the incidents to the Prometheus rules, by promtool; takes a minute')
  .addOption(
    new Option('--fleet', 'play each incident to one system of fifty, and print how it is seen').conflicts(
      'promtool',
    ),
  )
  .addOption(
    new Option('--write', 'only renew the Prometheus rules and tables of docs/monitoring.md').conflicts([
      'json',
      'promtool',
      'fleet',
    ]),
  )
  .action(async ({ json = false, promtool = false, fleet, write }) => {
    const { proveAlerts, proveFleet, renewDocuments } = await import('./alerts/alerts.ts');
    if (write) renewDocuments();
    else if (fleet) proveFleet(json);
    else proveAlerts(json, promtool);
  });

verb(prove, 'chaos', {
  summary: 'lose and repeat nothing under faults',
  example: 'pnpm prove chaos --seed 7',
  description:
    'Publishes messages under faults: kill -9 of any process, pauses, connection resets, steps of clocks, broken outputs, slow and ' +
    'silent callers, odd records, redelivery, reordering, delays, failed and slow writes. Each acknowledged message must be ' +
    'visible exactly once or be a dead letter with its reason. After each fault both APIs must show what the table has, be ' +
    'ready only when they answer, and stop in time. Linux only.',
  more: 'The full run: pnpm prove chaos --seed 7 --messages 1000000 --kills 20',
})
  .option('--seed <n>', `determines messages and faults, 0 to ${SEED_MAX}`, seedOf, 1)
  .option('--messages <n>', '1 to 10000000, with 5 % copies and 1 % poison', integer(1, 10_000_000), 20_000)
  .option(
    '--kills <n>',
    'kills of the local cloud, 0 to 1000; half as many of each other fault',
    integer(0, 1_000),
    3,
  )
  .option('--plan', 'print the plan and stop')
  .action(async ({ plan = false, ...size }) => (await import('./chaos/chaos.ts')).proveChaos(size, plan));

verb(prove, 'clients', {
  summary: "Google's own clients cannot tell the local cloud from Google",
  example: 'pnpm prove clients',
  description:
    "Starts a local cloud, and lets programs with Google's clients for Node, Python, Go and Java, bq, gcloud and dbt spend an " +
    'ordinary day with it. Prints each step: right, refused by name, or wrong. Installs each client from its registry into a temporary ' +
    'folder; skips those whose language is not installed.',
})
  .option('--seconds <n>', 'time for all clients, 30 to 3600', integer(30, 3_600), 240)
  .action(async ({ seconds }) => (await import('./clients/prove-clients.ts')).proveClients(seconds));

verb(prove, 'dashboards', {
  summary: 'draw the dashboards over simulated incidents',
  example: 'pnpm prove dashboards --out /tmp',
  description:
    'Draws the dashboards of Cloud Monitoring on this machine, as they are declared: with their own tiles, filters, aligners ' +
    'and ranking. Without an option, it prints what it would write.',
})
  .addOption(new Option('--write', 'renew docs/monitoring/service.svg and fleet.svg').conflicts('out'))
  .option('--out <folder>', 'write the pictures there instead')
  .action(async ({ write = false, out }) =>
    (await import('./dashboards/dashboards.ts')).writeDashboards(
      out ?? FILES.pictures,
      write || out !== undefined,
    ),
  );

verb(prove, 'document', {
  summary: 'generators and linters take the OpenAPI document',
  example: 'pnpm prove document',
  description:
    'Starts a local stack and shows its OpenAPI document to redocly, four generators of clients, RE2 and schemathesis. Each ' +
    'generated client is compiled and calls the API. Installs each program from its registry into a temporary folder; skips ' +
    'those whose language is not installed: Java with Maven, Go, Python.',
}).action(async () => (await import('./document/prove-document.ts')).proveDocument());

verb(prove, 'drill', {
  summary: 'each fault fires its alert, and only that',
  example: 'pnpm prove drill --seed 7',
  description:
    'Starts a local stack, Prometheus, Alertmanager and traffic. Then injects each fault, waits for its alert, runs the ' +
    'commands of the runbook, repairs the fault, and waits until the alert resolves. No other alert may fire.',
})
  .option('--seed <n>', `determines the requests, 0 to ${SEED_MAX}`, seedOf, 7)
  .action(async ({ seed }) => (await import('./drill/drill.ts')).proveDrill(seed));

addE2e(prove, startLocal);

verb(prove, 'error-states', {
  summary: 'a broken subscription loses nothing',
  example: 'pnpm prove error-states 1000',
  description:
    'Breaks whatever the BigQuery subscription needs, one thing after the other, publishes meanwhile, and repairs it. Prints ' +
    'the state and log of the subscription, and how many messages waited, became dead letters, and were stored.',
})
  .argument('[messages]', 'messages for each fault, 1 to 1000000', integer(1, 1_000_000), 1_000)
  .action(async (messages) => (await import('./error-states.ts')).proveErrorStates(messages));

verb(prove, 'grants', {
  summary: 'each grant of the program is used',
  example: 'pnpm prove grants',
  description:
    'Sends records through a local stack, and prints what each identity was granted and what it used. A grant that nothing ' +
    'used needs a reason.',
})
  .option('--json', 'print the grants and problems as JSON')
  .action(async ({ json = false }) => (await import('./grants/grants.ts')).proveGrants(json));

verb(prove, 'load', {
  summary: 'a steady rate of requests stays within limits',
  example: 'pnpm prove load --api http://127.0.0.1:8080',
  description:
    'Requests pages of an API at a steady rate. With --stack the API is the one that Pulumi deployed. ' +
    'The variable API_ID_TOKEN is sent to a private API.',
})
  .addOption(new Option('--api <url>', 'address of the API').argParser(addressOf).conflicts('stack'))
  .option('-s, --stack <name>', 'stack of the API: dev, staging or prod')
  .option(
    '--rate <n>',
    'requests per second, 1 to 1000; an address may send 600 a minute',
    integer(1, 1_000),
    8,
  )
  .option('--seconds <n>', 'duration, 1 to 900', integer(1, 900), 30)
  .option('--p975 <ms>', 'limit of the 97.5th percentile of latency, 1 to 60000 ms', integer(1, 60_000), 300)
  .option('--failures <share>', 'accepted share of failures, 0 to 1', shareOf, 0.001)
  .option('--json', 'print JSON')
  .option('--out <file>', 'append the result to this file, as Markdown')
  .action(async ({ json = false, ...choice }) =>
    (await import('./load/prove-load.ts')).proveLoad({ json, ...choice }),
  );

verb(prove, 'observe', {
  summary: 'watch the alerts of a running `pnpm dev`',
  example: 'pnpm prove observe --time-lapse 60',
  description:
    'Starts Prometheus and Alertmanager with the generated rules beside a running `pnpm dev`, on free ports of this machine, ' +
    'and prints each alert that is pending, fires or resolves, with its runbook. Ctrl-C stops both and deletes their data.',
})
  .option(
    '--time-lapse <n>',
    'divide each duration in the rules by a number from 1 to 300',
    integer(1, 300),
    1,
  )
  .action(async ({ timeLapse }) =>
    (await import('./observe/observe.ts')).proveObserve(timeLapse, interruption()),
  );

verb(prove, 'privacy', {
  summary: 'a person who was forgotten does not come back',
  example: 'pnpm prove privacy',
  description:
    'Starts a local stack and publishes a person twice, once more as a dead letter. Shows, corrects and forgets them by `pnpm ops person`, ' +
    'during walks and with an export kept. Then lets them come back by a replay, a seek, a publisher and a restored table, and counts their traces.',
})
  .option('--json', 'print JSON')
  .action(async ({ json = false }) => (await import('./privacy/privacy.ts')).provePrivacy(json));

addProbe(prove, startLocal);

verb(prove, 'pulumi', {
  summary: "Pulumi's engine and Google's provider agree with the plans",
  example: 'pnpm prove pulumi',
  description:
    "Previews every stack, with and without the settings that change its resources, by the pulumi on PATH and Google's own provider: " +
    'each preview must equal the plan of this repository. Then updates the largest stack against a server that answers as Google does: a ' +
    'second update, and one with a refresh, must change nothing. Needs no account. Without pulumi, it says so and ends.',
})
  .option('--require', 'fail without pulumi')
  .action(async ({ require = false }) => (await import('./pulumi/prove-pulumi.ts')).provePulumi(require));

verb(prove, 'slow-readers', {
  summary: 'slow readers cost nobody else anything',
  example: 'pnpm prove slow-readers',
  description:
    'Starts an API in a network namespace whose packets have 1,500 bytes. Then 80 and 800 clients ask for large pages, and read ' +
    'nothing or 1,500 bytes every ten seconds. Another client must be served as fast as alone, and must be able to export ' +
    'beside slow exports. Needs Linux and root; it says so and ends otherwise.',
})
  .option('--seconds <n>', 'duration with each number of slow readers, 5 to 600', integer(5, 600), 40)
  .action(async ({ seconds }) => (await import('./slow-readers/slow-readers.ts')).proveSlowReaders(seconds));

verb(prove, 'sql', {
  summary: "the local BigQuery answers as Google's evaluator",
  example: 'pnpm prove sql --queries 5000 --seed 7',
  description:
    "Sends generated queries to the local BigQuery and to ZetaSQL, Google's reference implementation of GoogleSQL, and compares " +
    'values, types, names, order, and whether it is an error. Makes each difference small, and prints them by kind, also after ' +
    'Ctrl-C. Downloads ' +
    'ZetaSQL from npm, 112 MB, into the cache folder of the user. Linux only; skipped where ZetaSQL cannot be had.',
})
  .option('--queries <n>', 'queries to generate, 1 to 10000000', integer(1, 10_000_000), 5_000)
  .option('--seed <n>', `determines the queries, 0 to ${SEED_MAX}`, seedOf, 1)
  .option('--corpus <file>', 'write queries on which both agree to this file, for pnpm test')
  .action(async (options) => (await import('./sql/prove-sql.ts')).proveSql(options, interruption().signal));

async function startLocal() {
  const { LocalStack } = await import('@records/local');
  return LocalStack.create();
}

function addressOf(text: string): string {
  const protocol = URL.parse(text)?.protocol;
  if (protocol === 'http:' || protocol === 'https:') return text;
  throw new InvalidArgumentError(`"${text}" must be an http or https address`);
}

function shareOf(text: string): number {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && value <= 1) return value;
  throw new InvalidArgumentError(`"${text}" must be a number from 0 to 1`);
}
