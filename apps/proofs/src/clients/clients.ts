import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workshop } from '../shared/workshop.ts';

const HERE = import.meta.dirname;

/** A client library or command of Google's, and the programs that spend a day with it. */
export interface Client {
  /** Prepares the workshop, and returns the commands that run the programs. Throws CommandError. */
  prepare(workshop: Workshop): Promise<(readonly [string, ...string[]])[]>;
}

const PYTHON = ['google-cloud-pubsub==2.44.0'];
const GO = ['cloud.google.com/go/pubsub/v2@v2.9.0'];
const JAVA = [{ artifact: 'google-cloud-pubsub', version: '1.160.0' }];

export const CLIENTS: Readonly<Record<string, Client>> = {
  Node: { prepare: async () => [[process.execPath, join(HERE, 'client-pubsub-process.ts')]] },
  Python: {
    async prepare(workshop) {
      await workshop.run('python3', '-m', 'venv', 'python');
      const bin = join(workshop.folder, 'python', process.platform === 'win32' ? 'Scripts' : 'bin');
      await workshop.run(join(bin, 'pip'), 'install', '--quiet', ...PYTHON);
      return [[join(bin, 'python'), join(HERE, 'client-pubsub.py')]];
    },
  },
  Go: {
    async prepare(workshop) {
      await workshop.run('go', 'version');
      await copyFile(join(HERE, 'client-pubsub.go'), join(workshop.folder, 'main.go'));
      await workshop.run('go', 'mod', 'init', 'day');
      await workshop.run('go', 'get', ...GO);
      await workshop.run('go', 'mod', 'tidy');
      await workshop.run('go', 'build', '-o', 'day', '.');
      return [[join(workshop.folder, 'day')]];
    },
  },
  Java: {
    async prepare(workshop) {
      await workshop.run('java', '-version');
      await workshop.write('pom.xml', pomOf(JAVA));
      const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath';
      await workshop.run('mvn', '--quiet', '--batch-mode', plugin, '-Dmdep.outputFile=classpath');
      const classpath = await readFile(join(workshop.folder, 'classpath'), 'utf8');
      return [['java', '-cp', classpath.trim(), join(HERE, 'ClientPubsub.java')]];
    },
  },
  gcloud: {
    async prepare(workshop) {
      await workshop.run('gcloud', '--version');
      return [[process.execPath, join(HERE, 'gcloud-process.ts')]];
    },
  },
};

function pomOf(dependencies: readonly { artifact: string; version: string }[]): string {
  const declared = dependencies.map(
    ({ artifact, version }) =>
      `<dependency><groupId>com.google.cloud</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>day</groupId><artifactId>day</artifactId><version>1</version><dependencies>${declared.join('')}</dependencies></project>`;
}
