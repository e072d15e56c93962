import { createHash } from 'node:crypto';
import { Plan } from '../../src/plan.ts';

const [count, seed, locale = ''] = process.argv.slice(2);
const hash = createHash('sha256');
for (const message of new Plan({ seed: Number(seed), locale }).messages(Number(count))) {
  hash.update(message).update('\n');
}
console.log(hash.digest('hex'));
