import { program } from '@records/cli';
import { addAddMember } from './add-member.ts';
import { addApiKeys } from './api-keys/command.ts';
import { addCanary } from './canary/command.ts';
import { addCost } from './cost/command.ts';
import { addDeadLetters } from './dead-letters/command.ts';
import { addEnv } from './env.ts';
import { addImage } from './image.ts';
import { addPerson } from './person/command.ts';
import { addPlan } from './plan.ts';
import { addPreflight } from './preflight/command.ts';
import { addPreview } from './preview.ts';
import { addPromote } from './promote.ts';
import { addRollback, addRollout } from './rollout.ts';

export const ops = program('ops', {
  summary: 'operate a stack',
  description: 'Deploys a stack, and manages its dead letters, people and API keys.',
  example: 'pnpm ops preview -s dev',
  exitCodes:
    'Exit codes: 0 done, 1 not done, 2 wrong options. `pnpm ops VERB --help` shows the options of a verb.',
});
const add = [
  ...[
    addPreflight,
    addPlan,
    addAddMember,
    addCost,
    addImage,
    addPreview,
    addPromote,
    addCanary,
    addRollout,
    addRollback,
  ],
  ...[addDeadLetters, addPerson, addApiKeys, addEnv],
];
for (const addVerb of add) addVerb(ops);
