import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DeploymentError } from './deployment-error.ts';

/** The type of a value, as far as it can be checked. */
export type Shape =
  | { readonly kind: 'text' | 'number' | 'boolean' | 'any' }
  | { readonly kind: 'list' | 'map'; readonly of: Shape }
  | { readonly kind: 'object'; members(): Members };

interface Member {
  readonly required: boolean;
  readonly shape: Shape;
}
export type Members = ReadonlyMap<string, Member>;

const NESTED = 'types/input.d.ts';

/**
 * The names, types and required properties of every resource type, from the type declarations of @pulumi/gcp. Google's
 * provider has a schema that says the same, and only the Pulumi CLI downloads it. The declarations are generated, so
 * their form is regular: `name?: pulumi.Input<…>;`.
 */
export class GcpDeclarations {
  static readonly #byFolder = new Map<string, GcpDeclarations>();
  readonly #folder: string;
  readonly #texts = new Map<string, string>();
  readonly #files = new Map<string, ReadonlyMap<string, string>>();
  readonly #members = new Map<string, Members | undefined>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** The declarations that a project has installed. Throws DeploymentError when there are none. */
  static of(projectDirectory: string): GcpDeclarations {
    const folder = folderOf(projectDirectory);
    const known = GcpDeclarations.#byFolder.get(folder) ?? new GcpDeclarations(folder);
    GcpDeclarations.#byFolder.set(folder, known);
    return known;
  }

  /** What a program may give a resource of the type `gcp:pubsub/topic:Topic`. Undefined for a type without declaration. */
  argumentsOf(type: string): Members | undefined {
    const [, path = '', name = ''] = type.split(':');
    const [module = '', file = ''] = path.split('/');
    return this.#remembered(type, () => {
      // The file of `uRLMap` is urlmap.d.ts.
      const found = this.#filesOf(module).get(`${file.toLowerCase()}.d.ts`);
      if (found === undefined) return undefined;
      return membersIn(this.#text(join(module, found)), `export interface ${name}Args {`, '\n}', this);
    });
  }

  /** A nested type such as `compute.BackendServiceCdnPolicy`. */
  nested(name: string): Members {
    const [namespace = '', type = ''] = name.split('.');
    const members = this.#remembered(name, () => {
      const text = this.#text(NESTED);
      const start = text.indexOf(`\nexport declare namespace ${namespace} {`);
      return start < 0 ? undefined : membersIn(text, `    interface ${type} {`, '\n    }', this, start);
    });
    if (!members) throw new TypeError(`@pulumi/gcp declares no type inputs.${name} in ${NESTED}`);
    return members;
  }

  #remembered(name: string, read: () => Members | undefined): Members | undefined {
    if (!this.#members.has(name)) this.#members.set(name, read());
    return this.#members.get(name);
  }

  #filesOf(module: string): ReadonlyMap<string, string> {
    const known = this.#files.get(module);
    if (known) return known;
    const names = readdirSync(join(this.#folder, module)).filter((name) => name.endsWith('.d.ts'));
    const files = new Map(names.map((name) => [name.toLowerCase(), name]));
    this.#files.set(module, files);
    return files;
  }

  #text(file: string): string {
    // Names are ASCII, and this encoding reads six megabytes fastest.
    const text = this.#texts.get(file) ?? readFileSync(join(this.#folder, file), 'latin1');
    if (file === NESTED) this.#texts.set(file, text);
    return text;
  }
}

function folderOf(projectDirectory: string): string {
  try {
    return dirname(createRequire(join(projectDirectory, 'Pulumi.yaml')).resolve('@pulumi/gcp/package.json'));
  } catch (cause) {
    const message = `${projectDirectory}: @pulumi/gcp is not installed. Install the project's dependencies.`;
    throw new DeploymentError([{ message }], { cause });
  }
}

function membersIn(
  text: string,
  opening: string,
  closing: string,
  declarations: GcpDeclarations,
  from = 0,
): Members | undefined {
  const start = text.indexOf(`\n${opening}`, from);
  if (start < 0) return undefined;
  const body = text.slice(start + opening.length + 1, text.indexOf(closing, start));
  const plain = body.replace(/\/\*\*.*?\*\//gs, '');
  const found = plain.matchAll(/^ *(\w+)(\??): (.*?);$(?=\s*(?:\w+\??: |$(?!\n)))/gms);
  return new Map(
    Array.from(found, ([, name = '', optional, type = '']) => [
      name,
      { required: optional === '', shape: shapeOf(type.replace(/\s+/g, ' '), declarations) },
    ]),
  );
}

const PLAIN: Readonly<Record<string, Shape>> = {
  string: { kind: 'text' },
  number: { kind: 'number' },
  boolean: { kind: 'boolean' },
};

/** The shape of `pulumi.Input<pulumi.Input<string>[] | undefined>`. */
function shapeOf(type: string, declarations: GcpDeclarations): Shape {
  const plain = type.replace(/ \| undefined$/, '');
  const [, wrapped] = /^pulumi\.Input<(.*)>$/.exec(plain) ?? [];
  if (wrapped !== undefined) return shapeOf(wrapped, declarations);
  if (plain.endsWith('[]')) return { kind: 'list', of: shapeOf(plain.slice(0, -2), declarations) };
  const [, values] = /^\{ \[key: string\]: (.*); \}$/.exec(plain) ?? [];
  if (values !== undefined) return { kind: 'map', of: shapeOf(values, declarations) };
  const [, nested] = /^inputs\.(\w+\.\w+)$/.exec(plain) ?? [];
  if (nested !== undefined) return { kind: 'object', members: () => declarations.nested(nested) };
  return PLAIN[plain] ?? { kind: 'any' };
}
