export { COMMITTED_PLANS, planText } from './committed.ts';
export { BOOTSTRAP, missingSettings, PLATFORM, type Project } from './projects.ts';
