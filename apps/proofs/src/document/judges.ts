import { delimiter, join } from 'node:path';
import { patternsOf } from '@records/api/testing';
import { CommandError, type Workshop } from '../shared/workshop.ts';
import { GO_PROGRAM, JAVA_PROGRAM, type Printed, TYPESCRIPT_CLIENTS } from './clients.ts';

export interface Judged {
  /** Base URL of the API, without a limit of requests. */
  readonly api: string;
  /** Its OpenAPI document. */
  readonly text: string;
  /** A record of it; the others are of Chile, Perú and México. */
  readonly id: string;
}

/** A program that nobody here wrote. Resolves with what it did; throws when it finds a fault or cannot be run. */
export type Judge = (judged: Judged, workshop: Workshop) => Promise<string>;

/** It runs the generators, but its own API is of another major version. */
const TYPESCRIPT = 'typescript@5.9.3';
const GENERATOR = 'org.openapitools:openapi-generator-cli:7.25.0';
const SCHEMATHESIS = 'schemathesis==4.32.0';

/**
 * Statuses that schemathesis does not expect of a request that the schema allows, or forbids. Its snapshots have never existed; many
 * long values make a URL that is too long. It follows no links that it guesses: it takes the `{id}` in the index for an id.
 */
const SCHEMATHESIS_TOML = `[checks]
positive_data_acceptance.expected-statuses = ["2xx", 304, 401, 404, 410, 414, 431]
negative_data_rejection.expected-statuses = [400, 401, 404, 405, 406, 414, 431]

[phases.stateful]
enabled = false
`;

export const JUDGES: Readonly<Record<string, Judge>> = {
  redocly: async (_judged, workshop) => {
    await install(workshop, '@redocly/cli@2.77.0');
    const args = ['lint', 'openapi.json', '--extends', 'recommended', '--format', 'json'];
    const { totals } = JSON.parse(await workshop.run('npx', '--no-install', 'redocly', ...args));
    if (totals.errors + totals.warnings > 0) throw new Error(JSON.stringify(totals));
    return 'no error, no warning';
  },
  ...Object.fromEntries(
    Object.entries(TYPESCRIPT_CLIENTS).map(([name, client]) => [
      name,
      (...args) => typeScript(client, ...args),
    ]),
  ),
  'openapi-generator (Java)': java,
  'RE2 (Go)': async ({ text }, workshop) => {
    await workshop.run('go', 'version');
    await workshop.write('patterns.json', JSON.stringify(patternsOf(JSON.parse(text))));
    await workshop.write('main.go', GO_PROGRAM);
    return `compiles ${(await workshop.run('go', 'run', 'main.go')).trim()} patterns`;
  },
  schemathesis: async ({ api }, workshop) => {
    await workshop.run('python3', '-m', 'venv', 'python');
    const bin = (name: string) =>
      join(workshop.folder, 'python', process.platform === 'win32' ? 'Scripts' : 'bin', name);
    await workshop.run(bin('pip'), 'install', '--quiet', SCHEMATHESIS);
    await workshop.write('schemathesis.toml', SCHEMATHESIS_TOML);
    const args = ['--checks', 'all', '--max-examples', '100', '--no-color'];
    const output = await workshop.run(bin('st'), 'run', `${api}/openapi.json`, ...args);
    return /\d+ generated[^\n]*/.exec(output)?.[0] ?? 'no failure';
  },
};

type Client = (typeof TYPESCRIPT_CLIENTS)[string];

async function typeScript(client: Client, judged: Judged, workshop: Workshop): Promise<string> {
  await install(workshop, TYPESCRIPT, ...client.packages);
  for (const [file, text] of Object.entries(client.files ?? {})) await workshop.write(file, text);
  await workshop.run('npx', '--no-install', ...client.generate);
  await workshop.write('main.ts', client.program);
  const compiler = ['--strict', '--skipLibCheck', '--target', 'es2024', '--lib', 'es2024,dom,dom.iterable'];
  const modules = ['--module', 'nodenext', '--types', 'node', '--outDir', 'out'];
  await workshop.run('npx', '--no-install', 'tsc', ...compiler, ...modules, 'main.ts');
  return compare(await workshop.run(process.execPath, 'out/main.js', judged.api, judged.id), judged);
}

async function java(judged: Judged, workshop: Workshop): Promise<string> {
  await workshop.run('javac', '-version');
  await workshop.run('mvn', '--version');
  const copy = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
  await workshop.run('mvn', '-q', '-B', copy, `-Dartifact=${GENERATOR}`, '-DoutputDirectory=.');
  const jar = `${GENERATOR.split(':').slice(1).join('-')}.jar`;
  const options = ['-i', 'openapi.json', '-g', 'java', '--library', 'native', '-o', '.'];
  await workshop.run('java', '-jar', jar, 'generate', ...options);
  const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath';
  await workshop.run('mvn', '-q', '-B', '-DskipTests', 'compile', plugin, '-Dmdep.outputFile=classpath');
  await workshop.write('Main.java', JAVA_PROGRAM);
  const libraries = await workshop.run(process.execPath, '-p', "fs.readFileSync('classpath', 'utf8').trim()");
  const classpath = ['target/classes', '.', libraries.trim()].join(delimiter);
  await workshop.run('javac', '-encoding', 'UTF-8', '-cp', classpath, 'Main.java');
  const encoding = '-Dstdout.encoding=UTF-8';
  return compare(
    await workshop.run('java', encoding, '-cp', classpath, 'Main', judged.api, judged.id),
    judged,
  );
}

async function install(workshop: Workshop, ...packages: readonly string[]): Promise<void> {
  await workshop.write('package.json', '{"private":true}');
  const types = '@types/node@24.19.2';
  const quiet = ['--save-exact', '--ignore-scripts', '--no-audit', '--no-fund'];
  await workshop.run('npm', 'install', ...quiet, types, ...packages);
}

function compare(printed: string, { id }: Judged): string {
  const expected: Printed = { countries: ['Chile', 'Perú'], id, problem: '/problems#invalid-parameters' };
  const found: Partial<Printed> = JSON.parse(printed);
  const wrong = Object.entries(expected).filter(
    ([name, value]) => JSON.stringify(found[name as keyof Printed]) !== JSON.stringify(value),
  );
  if (wrong.length > 0) throw new CommandError('the generated client', { isMissing: false, output: printed });
  return 'compiled, and read two countries, one record and a problem';
}
