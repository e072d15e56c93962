export const STACK_TYPE = 'pulumi:pulumi:Stack';
/** The one organisation of a backend without accounts. */
export const ORGANIZATION = 'organization';

export interface UrnParts {
  readonly stack: string;
  readonly project: string;
  /** The type of the resource itself, without those of its parents. */
  readonly type: string;
  readonly name: string;
}

/** https://www.pulumi.com/docs/iac/concepts/resources/names/#urns */
export function makeUrn(
  stack: string,
  project: string,
  parent: string | undefined,
  type: string,
  name: string,
) {
  const parentType = parent ? qualifiedType(parent) : '';
  const qualified = parentType && parentType !== STACK_TYPE ? `${parentType}$${type}` : type;
  return `urn:pulumi:${stack}::${project}::${qualified}::${name}`;
}

export function parseUrn(urn: string): UrnParts {
  const match = /^urn:pulumi:(.*?)::(.*?)::(.*?)::(.*)$/s.exec(urn);
  if (!match) throw new TypeError(`not a Pulumi URN: ${urn}`);
  const [, stack = '', project = '', qualified = '', name = ''] = match;
  return { stack, project, type: qualified.slice(qualified.lastIndexOf('$') + 1), name };
}

/** How messages call a resource: `gcp:pubsub/topic:Topic "records"`. */
export function label(urn: string): string {
  const { type, name } = parseUrn(urn);
  return `${type} "${name}"`;
}

function qualifiedType(urn: string): string {
  return urn.split('::')[2] ?? '';
}
