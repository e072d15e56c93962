/** The permissions of a job's token, each with its reason. Every workflow job must be listed here. */
export type Permissions = Readonly<Record<string, string>>;

const READ = { 'contents: read': 'to check the repository out' };
const IDENTITY = { 'id-token: write': 'to sign in to Google Cloud for an hour, without a key' };
const VERIFY = { 'attestations: read': 'to verify who built the image' };

/** By `workflow/job`. */
export const PERMISSIONS: Readonly<Record<string, Permissions>> = {
  'ci/test': READ,
  'ci/e2e': READ,
  'ci/mutants': READ,
  'ci/fresh-clone': READ,
  'ci/judges': READ,
  'ci/pulumi': READ,
  'ci/dependencies': READ,
  'mutants/all': READ,
  'preview/preview': { ...READ, ...IDENTITY },
  'preview/comment': { ...READ, 'pull-requests: write': 'to write one comment' },
  'deploy/test': { 'contents: read': 'for the jobs of ci, which get no more than this job' },
  'deploy/build': { ...READ, ...IDENTITY, 'attestations: write': 'to store the attestations' },
  'deploy/dev': { ...READ, ...IDENTITY, ...VERIFY },
  'deploy/staging': { ...READ, ...IDENTITY, ...VERIFY },
  'deploy/prod': { ...READ, ...IDENTITY, ...VERIFY },
  'drift/dev': { ...READ, ...IDENTITY },
  'drift/staging': { ...READ, ...IDENTITY },
  'drift/prod': { ...READ, ...IDENTITY },
  'rollback/rollback': { ...READ, ...IDENTITY, ...VERIFY },
  'load/address': READ,
  'load/stack': { ...READ, ...IDENTITY },
};
