import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Automation } from './files.ts';

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The paths that decide what a stack declares: infra, its packages of this repository, and the lockfile. */
export function declaringPaths(repository: string): string[] {
  const manifests = new Map(
    globSync('{infra,packages/*,apps/*}/package.json', { cwd: repository }).map((file) => {
      const manifest = JSON.parse(readFileSync(join(repository, file), 'utf8')) as Manifest;
      return [manifest.name, { folder: dirname(file).replaceAll('\\', '/'), ...manifest }] as const;
    }),
  );
  const folders = new Set<string>();
  const add = (name: string) => {
    const found = manifests.get(name);
    if (!found || folders.has(found.folder)) return;
    folders.add(found.folder);
    for (const dependency of Object.keys(found.dependencies ?? {})) add(dependency);
  };
  add('@records/infra');
  return [...[...folders].sort().map((folder) => `${folder}/**`), 'pnpm-lock.yaml'];
}

/** Paths whose changes would be deployed without a preview. */
export function unseenChanges(repository: string, { workflows }: Automation): string[] {
  const preview = workflows.find(({ name }) => name === 'preview');
  const { paths = [] } = (preview?.on.pull_request ?? {}) as { paths?: readonly string[] };
  return declaringPaths(repository)
    .filter((path) => !paths.includes(path))
    .map((path) => `preview: does not run when ${path} changes, which changes what is declared`);
}
