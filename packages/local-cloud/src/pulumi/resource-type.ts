import type { Static, TObject } from '@sinclair/typebox';
import type { Grant } from '../iam.ts';
import type { Cloud } from './cloud.ts';
import type { Properties } from './property-values.ts';

/** What a provider knows without asking the cloud. */
export interface ProviderContext {
  readonly project: string;
  readonly projectNumber: string;
  /** `gcp:region` of the stack. */
  readonly region: string | undefined;
}

export interface Declared<Inputs> {
  readonly urn: string;
  /** The name that the program gives the resource. */
  readonly logicalName: string;
  readonly inputs: Inputs;
  readonly context: ProviderContext;
}

export interface Applied<Inputs> extends Declared<Inputs> {
  readonly cloud: Cloud;
  /** Outputs of the last deployment; empty for a new resource. */
  readonly outputs: Properties;
}

export interface Changed<Inputs> extends Applied<Inputs> {
  readonly old: Inputs;
  /** Top-level inputs that differ. */
  readonly changed: ReadonlySet<string>;
  /** What to do with columns that are no longer declared; absent: the change is refused. */
  readonly goneColumns?: GoneColumns | undefined;
}

/** `keep` leaves columns in their table, empty in new rows; `drop` deletes them with their values, and the rows stay. */
export type GoneColumns = 'keep' | 'drop';

/** A property that names another resource. */
export interface Reference {
  readonly property: string;
  /** Google's relative resource name: `projects/p/topics/t`. */
  readonly resource: string;
}

/** Permissions that an account must have before Google accepts the resource. */
export interface PermissionNeed {
  readonly property: string;
  readonly member: string;
  readonly permissions: readonly string[];
  readonly resource: string;
  /** The predefined role that Google's documentation asks for. */
  readonly role: string;
}

/** What is wrong with an input. `property` is its path. */
export interface InputMistake {
  readonly property: string;
  readonly message: string;
  /** Columns that are no longer declared, when nothing else is wrong. */
  readonly goneColumns?: readonly string[] | undefined;
}

/** What a resource of the program provides to the others. */
export interface Provided {
  readonly type: string;
  readonly resourceName?: string | undefined;
  readonly references: readonly Reference[];
  readonly grants: readonly Grant[];
}

/** A resource type that has an effect in the local cloud. */
export interface AppliedType<Schema extends TObject = TObject> {
  /** What the local cloud does with it: a phrase for the README. */
  readonly effect: string;
  /** The inputs that are applied. A property that is in none of the three lists is refused as unknown. */
  readonly inputs: Schema;
  /** Why inputs without effect do no harm, by path (`template.containers[].resources`). */
  readonly notEmulated: Readonly<Record<string, string>>;
  /** Why inputs are refused, by path: to ignore them would change what the program does. */
  readonly refused: Readonly<Record<string, string>>;
  /** What replacing the resource would lose ("its rows"): such a replacement is refused. */
  readonly holds?: string;
  /** The input that Pulumi fills with a generated name when the program leaves it out. */
  readonly autoname?: string;
  /** Two resources of a program may be the same one at Google. */
  readonly shared?: boolean;
  /** Input that, when true, refuses deletion and replacement. */
  readonly deletionProtection?: { readonly input: string; readonly default: boolean };

  /** Inputs with what the provider fills in. */
  defaults(declared: Declared<Static<Schema>>): Static<Schema>;
  /** Google's relative resource name. Undefined for what nothing can refer to, such as a grant. */
  resourceName?(declared: Declared<Static<Schema>>): string;
  /** Id and outputs, as far as they follow from the inputs. */
  outputs(declared: Declared<Static<Schema>>): Properties & { readonly id: string };
  /** Resources that must exist first. */
  references?(declared: Declared<Static<Schema>>): Reference[];
  grants?(declared: Declared<Static<Schema>>): Grant[];
  needs?(declared: Declared<Static<Schema>>): PermissionNeed[];
  /** Rules between inputs that a schema cannot express. */
  check?(declared: Declared<Static<Schema>>): InputMistake[];
  /** What Google accepts and a person regrets, given all resources of the program. */
  audit?(declared: Declared<Static<Schema>>, resources: readonly Provided[]): InputMistake[];
  /** Why a change of what is not fixed needs a replacement; undefined when it needs none. */
  replacementReason?(change: Changed<Static<Schema>>): InputMistake | undefined;

  /** Each returns the outputs that only the cloud knows. Throws CloudError. */
  create?(resource: Applied<Static<Schema>>): Promise<Properties | undefined>;
  update?(change: Changed<Static<Schema>>): Promise<Properties | undefined>;
  /** Restores what ends with the process, for an unchanged resource. */
  resume?(resource: Applied<Static<Schema>>): Promise<Properties | undefined>;
  delete?(resource: Applied<Static<Schema>>): Promise<void>;
}

/** A resource type that is accepted, recorded and has no effect. */
export interface NotEmulatedType {
  readonly notEmulatedBecause: string;
  /** What replacing the resource would lose at Google: such a replacement is refused. */
  readonly holds?: string;
  outputs(inputs: Properties, context: ProviderContext): Properties & { readonly id: string };
}

export type ResourceType = AppliedType | NotEmulatedType;

export interface DataSource<Schema extends TObject = TObject> {
  readonly effect: string;
  readonly args: Schema;
  result(args: Static<Schema>, context: ProviderContext): Properties;
}

/** Infers the type of the inputs from their schema. */
export function applied<Schema extends TObject>(type: AppliedType<Schema>): AppliedType<Schema> {
  return type;
}

export function dataSource<Schema extends TObject>(source: DataSource<Schema>): DataSource<Schema> {
  return source;
}

export function isApplied(type: ResourceType): type is AppliedType {
  return !('notEmulatedBecause' in type);
}
