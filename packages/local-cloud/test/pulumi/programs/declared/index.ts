import * as pulumi from '@pulumi/pulumi';

/** A resource as a test writes it. `<other.output>` in a text is the output of another, declared earlier. */
interface Declaration {
  readonly type: string;
  readonly inputs: Record<string, unknown>;
  readonly dependsOn?: readonly string[];
  readonly options?: pulumi.CustomResourceOptions;
}

type ResourceClass = new (
  name: string,
  inputs: Record<string, unknown>,
  options: pulumi.CustomResourceOptions,
) => pulumi.CustomResource;

const REFERENCE = /<(\w+\.\w+)>/;

const resources = new Map<string, pulumi.CustomResource>();
const declarations = new pulumi.Config().requireObject<Record<string, Declaration>>('resources');
const modules = await importModules();

for (const [name, { type, inputs, dependsOn = [], options = {} }] of Object.entries(declarations)) {
  const [module = '', className = ''] = type.split('.');
  const ResourceType = Reflect.get(modules[module] as object, className) as ResourceClass;
  const resource = new ResourceType(name, resolve(inputs) as Record<string, unknown>, {
    ...options,
    dependsOn: dependsOn.map(find),
  });
  resources.set(name, resource);
}

/** Only the modules of the provider that are declared: all 150 take a tenth of a second. */
async function importModules(): Promise<Record<string, unknown>> {
  const names = Object.values(declarations).map(({ type }) => type.slice(0, type.indexOf('.')));
  const modules = [...new Set(names)].map(async (name) => [
    name,
    await import(`@pulumi/gcp/${name}/index.js`),
  ]);
  return Object.fromEntries(await Promise.all(modules));
}

function resolve(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item)]));
  }
  if (typeof value !== 'string' || !REFERENCE.test(value)) return value;
  const parts = value.split(REFERENCE);
  return pulumi.concat(...parts.map((part, index) => (index % 2 === 0 ? part : outputOf(part))));
}

function outputOf(reference: string): pulumi.Output<string> {
  const [name = '', output = ''] = reference.split('.');
  return Reflect.get(find(name), output) as pulumi.Output<string>;
}

function find(name: string): pulumi.CustomResource {
  const resource = resources.get(name);
  if (!resource) throw new Error(`the test declares "${name}" after what refers to it, or not at all`);
  return resource;
}

export default Object.fromEntries(
  [...resources].map(([name, resource]) => [name, { id: resource.id, urn: resource.urn }]),
);
