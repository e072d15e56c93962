export { COMMITTED_PLANS, planOf, planText } from './committed.ts';
export { BOOTSTRAP, missingSettings, PLATFORM, type Project } from './projects.ts';
export { settingsOf, VARIATIONS, type Variation } from './variations.ts';
