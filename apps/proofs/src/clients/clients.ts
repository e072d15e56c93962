import { copyFile, cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workshop } from '../shared/workshop.ts';

const HERE = import.meta.dirname;

/** A client library or command of Google's, and the programs that spend a day with it. */
export interface Client {
  /** Prepares the workshop, and returns the commands that run the programs. Throws CommandError. */
  prepare(workshop: Workshop): Promise<(readonly [string, ...string[]])[]>;
}

const PYTHON = ['google-cloud-pubsub==2.44.0', 'google-cloud-bigquery==3.47.0'];
const DBT = ['dbt-core==1.10.23', 'dbt-bigquery==1.10.3'];
const GO = ['cloud.google.com/go/pubsub/v2@v2.9.0', 'cloud.google.com/go/bigquery@v1.86.2'];
const JAVA = [
  { artifact: 'google-cloud-pubsub', version: '1.160.0' },
  { artifact: 'google-cloud-bigquery', version: '2.76.0' },
];

export const CLIENTS: Readonly<Record<string, Client>> = {
  Node: {
    prepare: async () =>
      ['pubsub', 'bigquery'].map((service) => [process.execPath, join(HERE, `client-${service}-process.ts`)]),
  },
  Python: {
    async prepare(workshop) {
      const python = await pythonWith(workshop, PYTHON);
      return ['pubsub', 'bigquery'].map((service) => [python, join(HERE, `client-${service}.py`)]);
    },
  },
  dbt: {
    async prepare(workshop) {
      const python = await pythonWith(workshop, DBT);
      // The day changes a seed.
      const project = join(workshop.folder, 'project');
      await cp(join(HERE, 'dbt'), project, { recursive: true });
      return [[python, join(HERE, 'client-dbt.py'), project]];
    },
  },
  Go: {
    async prepare(workshop) {
      await workshop.run('go', 'version');
      const services = ['pubsub', 'bigquery'];
      for (const service of services) {
        // Each program is a package of its own.
        await mkdir(join(workshop.folder, service));
        await copyFile(join(HERE, `client-${service}.go`), join(workshop.folder, service, 'main.go'));
      }
      await workshop.run('go', 'mod', 'init', 'day');
      await workshop.run('go', 'get', ...GO);
      await workshop.run('go', 'mod', 'tidy');
      await workshop.run('go', 'build', '-o', 'bin/', './...');
      return services.map((service) => [join(workshop.folder, 'bin', service)]);
    },
  },
  Java: {
    async prepare(workshop) {
      await workshop.run('java', '-version');
      await workshop.write('pom.xml', pomOf(JAVA));
      const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath';
      await workshop.run('mvn', '--quiet', '--batch-mode', plugin, '-Dmdep.outputFile=classpath');
      const classpath = await readFile(join(workshop.folder, 'classpath'), 'utf8');
      return ['Pubsub', 'Bigquery'].map((service) => [
        'java',
        '-cp',
        classpath.trim(),
        join(HERE, `Client${service}.java`),
      ]);
    },
  },
  bq: {
    async prepare(workshop) {
      await workshop.run('bq', 'version');
      return [[process.execPath, join(HERE, 'bq-process.ts')]];
    },
  },
  gcloud: {
    async prepare(workshop) {
      await workshop.run('gcloud', '--version');
      return [[process.execPath, join(HERE, 'gcloud-process.ts')]];
    },
  },
};

/** The interpreter of a new virtual environment with these packages. Throws CommandError. */
async function pythonWith(workshop: Workshop, packages: readonly string[]): Promise<string> {
  await workshop.run('python3', '-m', 'venv', 'python');
  const bin = join(workshop.folder, 'python', process.platform === 'win32' ? 'Scripts' : 'bin');
  // Most modules are never imported: Python compiles the others when they are.
  await workshop.run(join(bin, 'pip'), 'install', '--quiet', '--no-compile', ...packages);
  return join(bin, 'python');
}

function pomOf(dependencies: readonly { artifact: string; version: string }[]): string {
  const declared = dependencies.map(
    ({ artifact, version }) =>
      `<dependency><groupId>com.google.cloud</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>day</groupId><artifactId>day</artifactId><version>1</version><dependencies>${declared.join('')}</dependencies></project>`;
}
