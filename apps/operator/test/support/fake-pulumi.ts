import { type Deployment, decide } from '@records/infra/deployment';
import type { Pulumi } from '@records/stack';

/** What one `pulumi up` was asked, and what it was told by variables. */
export interface Up {
  readonly args: readonly string[];
  readonly told: Readonly<Record<string, string>>;
}

/**
 * Stands in for Pulumi and a stack: each `up` leaves what the program decides. A new revision appears when a test sets
 * `newestRevision`. Tests of deployments run the program itself on what this leaves.
 */
export class FakePulumi implements Pulumi {
  readonly settings: Record<string, string> = {};
  readonly ups: Up[] = [];
  deployed: Deployment = { image: undefined, rollout: undefined };
  newestRevision: string | undefined = 'records-api-00001-abc';
  canaryUrl: string | undefined;
  /** The next `up` fails with it: before it has changed anything, or after. */
  failure: { readonly error: Error; readonly after: boolean } | undefined;

  async run([command, ...args]: readonly string[], told: Up['told'] = {}): Promise<void> {
    if (command !== 'up') return;
    this.ups.push({ args, told });
    const { failure } = this;
    this.failure = undefined;
    if (failure && !failure.after) throw failure.error;
    this.deployed = decide(this.outputs, told);
    if (failure) throw failure.error;
  }

  async ask([command]: readonly string[]): Promise<unknown> {
    if (command === 'stack') return this.outputs;
    return Object.fromEntries(
      Object.entries(this.settings).map(([key, value]) => [
        key.includes(':') ? key : `records-platform:${key}`,
        { value, secret: false },
      ]),
    );
  }

  /** As the program exports them: without those that are not defined. */
  get outputs(): Record<string, unknown> {
    const { deployed, newestRevision, canaryUrl } = this;
    const all = { image: deployed.image, ...deployed.rollout, revision: newestRevision, canaryUrl };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  }
}
