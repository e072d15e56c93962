import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { REPOSITORY } from '@records/stack';

const FOLDER = join(REPOSITORY, 'apps', 'local', 'mutants');
const patches = globSync('*.patch', { cwd: FOLDER }).map((file) => readFileSync(join(FOLDER, file), 'utf8'));

/** The grants of a stack, as `name: role`. */
function grantsOf(stack: string): Map<string, string> {
  const plan = readFileSync(join(REPOSITORY, 'infra', 'plans', `${stack}.txt`), 'utf8');
  const resources = plan
    .slice(0, plan.indexOf('\nWho may do what'))
    .split(/^ *(?=[a-z0-9]+\.[A-Z]\w+ \S+$)/m);
  return new Map(
    resources.flatMap((text) => {
      const [, name = ''] = /^\S+ (\S+)/.exec(text) ?? [];
      const [, role] = /^ +role: (\S+)$/m.exec(text) ?? [];
      return role === undefined || !/^ +member: /m.test(text) ? [] : [[name, role] as const];
    }),
  );
}

function linesOf(patch: string, sign: '-' | '+'): string {
  return patch
    .split('\n')
    .filter((line) => line.startsWith(sign))
    .join('\n');
}

/** Those of production, and that of the publishers, whom the stack of this machine alone names. */
function grants(): Map<string, string> {
  const publishers = [...grantsOf('local')].filter(([name]) => name.startsWith('records-publisher-'));
  expect(publishers).toHaveLength(1);
  return new Map([...grantsOf('prod'), ...publishers]);
}

it('each grant of production and of publishers has a mutant without it, and one that makes it an editor', () => {
  const held = grants();
  expect(held.size).toBeGreaterThan(6);
  const missing = [...held].flatMap(([name, role]) => {
    const of = (header: string) => patches.filter((patch) => patch.includes(`\n# ${header}: ${name}\n`));
    // The invoker is taken away by a list that is one shorter, the others with their lines.
    const isGone = (patch: string) => /role: '|\.slice\(1\)/.test(linesOf(patch, '-') + linesOf(patch, '+'));
    const isWider = (patch: string) =>
      linesOf(patch, '-').includes(`'${role}'`) && linesOf(patch, '+').includes("'roles/editor'");
    return [
      ...(of('removes').some(isGone) ? [] : [`no mutant removes ${name}`]),
      ...(of('widens').some(isWider) ? [] : [`no mutant widens ${name}`]),
    ];
  });
  expect(missing).toEqual([]);
  const names = patches.flatMap((patch) => [...patch.matchAll(/^# (?:removes|widens): (.+)$/gm)]);
  expect(names.map(([, name = '']) => name).filter((name) => !held.has(name))).toEqual([]);
});
