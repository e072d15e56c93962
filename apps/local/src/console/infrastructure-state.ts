// Types only: the page imports them, too.
import type { PropertyChange } from '@records/local-cloud';

/** A resource of the program, with those that it is the parent of. */
export interface ShownResource {
  readonly urn: string;
  /** `pubsub.Topic` */
  readonly type: string;
  readonly name: string;
  /** Google's id; undefined for a component. */
  readonly id: string | undefined;
  /** Declared properties without effect here, each with the reason. The empty path is the whole resource. */
  readonly notEmulated: readonly (readonly [path: string, reason: string])[];
  readonly children: readonly ShownResource[];
}

export interface ShownApply {
  /** When it began: milliseconds since the epoch. */
  readonly at: number;
  readonly milliseconds: number;
  /** Why it ended early. */
  readonly error?: string;
  readonly steps: readonly {
    /** `create`, `update`, `replace` or `delete`. */
    readonly operation: string;
    readonly type: string;
    readonly name: string;
    readonly changes: readonly PropertyChange[];
  }[];
}

export interface ShownGrant {
  /** Names it in a call. */
  readonly key: string;
  readonly role: string;
  readonly resource: string;
  /** The resource that declares it. */
  readonly declaredBy: string | undefined;
  /** Permissions that calls needed it for, since `pnpm dev` started. */
  readonly used: readonly string[];
  /** Taken away on this page. */
  readonly isTaken: boolean;
}

export interface Identity {
  /** `serviceAccount:…` */
  readonly member: string;
  readonly grants: readonly ShownGrant[];
}

export interface Infrastructure {
  readonly resources: readonly ShownResource[];
  /** Runs of the program, the newest first. */
  readonly applies: readonly ShownApply[];
  readonly identities: readonly Identity[];
}
