import { writeFileSync } from 'node:fs';
import { type Call, Refusal } from './call.ts';
import type { World } from './world.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;

/** Answers what Docker prints. Throws Refusal with its words. */
export function docker({ docker: { server, buildx }, gcloud }: World, { command, flags }: Call): string {
  if (command.startsWith('buildx') && !buildx) throw new Refusal('docker: unknown command: docker buildx');
  if (command === 'buildx version') return 'github.com/docker/buildx v0.24.0 abc';
  if (server === undefined) {
    throw new Refusal('Cannot connect to the Docker daemon at unix:///var/run/docker.sock.');
  }
  if (command === 'version') return server;
  if (command === 'buildx imagetools inspect') return DIGEST;
  const [, host = '', project = ''] = /^([^/]+)\/([^/]+)\//.exec(flags['--tag']?.[0] ?? '') ?? [];
  const registry = `${host.replace('-docker.pkg.dev', '')}/records`;
  if (!gcloud.projects[project]?.repositories.includes(registry)) {
    throw new Refusal(
      `ERROR: failed to push ${host}/${project}: name unknown: Repository "records" not found`,
    );
  }
  writeFileSync(flags['--metadata-file']?.[0] ?? '', JSON.stringify({ 'containerimage.digest': DIGEST }));
  return '';
}
