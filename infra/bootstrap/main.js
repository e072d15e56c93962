import { run } from '../run.js';

export default await run(() => import('./index.ts'));
