import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { type Resource, UNKNOWN } from './declaration.ts';
import { violationsOf, violationsTogether } from './judge.ts';

const { runtime } = pulumi;

/**
 * Holds every resource that is declared from now on to the rules, in a preview and in an update: one that breaks a rule is
 * never registered, nor is what depends on it. When nothing is left to do, the program fails with all violations. Call the
 * answer when everything is declared: then the stack is held to the rules for it as a whole.
 */
export function enforcePolicies(): () => void {
  const stack = {
    name: pulumi.getStack(),
    region: gcp.config.region,
    access: new pulumi.Config().get('access'),
  };
  const declared: Resource[] = [];
  const violations: string[] = [];
  let isWhole = false;
  let unchecked = 0;

  const check = async (type: string, name: string, inputs: pulumi.Inputs): Promise<pulumi.Resource[]> => {
    unchecked++;
    const props = await runtime.serializeProperties(name, inputs).catch(() => undefined);
    // The registration waits for the same inputs, and reports the failure.
    if (props === undefined) return [];
    const resource = { type, name, props: plain(props) as Resource['props'] };
    declared.push(resource);
    unchecked--;
    const found = violationsOf(resource, stack);
    violations.push(...found);
    // What waits for this registers nothing.
    return found.length === 0 ? [] : new Promise(() => undefined);
  };

  runtime.registerStackTransformation(({ type, name, props, opts }) => {
    if (!type.startsWith('gcp:')) return undefined;
    const dependsOn = [opts.dependsOn, check(type, name, props)].flat();
    return { props, opts: { ...opts, dependsOn: dependsOn as pulumi.Input<pulumi.Resource>[] } };
  });

  // Pulumi's runtime ends a program in the same way: https://nodejs.org/api/process.html#event-beforeexit
  process.once('beforeExit', () => {
    const together = isWhole && unchecked === 0 ? violationsTogether(declared) : [];
    const all = [...violations, ...together].sort();
    if (all.length > 0) throw refusal(stack.name, all);
  });

  return () => {
    isWhole = true;
  };
}

function refusal(stack: string, violations: readonly string[]): pulumi.RunError {
  const error = new pulumi.RunError(
    `Stack "${stack}" breaks the policies in infra/policies:\n  ${violations.join('\n  ')}`,
  );
  // Pulumi's runtime prints this instead of the message of an error that comes after the program.
  error.stack = error.message;
  return error;
}

/** The inputs as the engine gets them, without Pulumi's marks. */
function plain(value: unknown): unknown {
  if (value === runtime.unknownValue) return UNKNOWN;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  if (fields[runtime.specialSigKey] === runtime.specialSecretSig) return plain(fields.value);
  return Object.fromEntries(Object.entries(fields).map(([key, item]) => [key, plain(item)]));
}
