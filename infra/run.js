import { register } from 'node:module';

// Pulumi starts the `node` on the PATH, and the programs are TypeScript. Node strips types itself from version 22.18 on;
// older ones get Node's own tool as a hook.
if (!process.features.typescript) register('./strip-types.js', import.meta.url);

/** Runs a Pulumi program under the policies. Answers what its module exports by default, the outputs of the stack. */
export async function run(load) {
  const { enforcePolicies } = await import('./policies/enforce.ts');
  const allIsDeclared = enforcePolicies();
  const program = await load();
  allIsDeclared();
  return program.default;
}
