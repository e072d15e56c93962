export { Activity } from '../activity.ts';
export { openConsole } from './open-console.ts';
