import { reasonOf, UserError } from '@records/cli';
import { type Deployed, lastDeployment, type Pulumi } from '@records/stack';
import { type Rollout, rollout } from '../rollout.ts';

/** Somebody else deployed the stack during its rollout. */
export class TakenOverError extends UserError {}

/** Takes the steps of one rollout, each only while the step before it is the stack's last deployment. */
export class Steps {
  readonly #stack: string;
  readonly #pulumi: Pulumi;
  #mine: Deployed = {};

  constructor(stack: string, pulumi: Pulumi) {
    this.#stack = stack;
    this.#pulumi = pulumi;
  }

  /** Throws TakenOverError, and what `rollout` throws. */
  async take(step: Rollout): Promise<void> {
    await this.#assertMine();
    this.#mine = { ...this.#mine, ...(await rollout(this.#stack, step, this.#pulumi)) };
  }

  /** Gives every request to the stable revision. Throws TakenOverError when somebody else deployed meanwhile. */
  async back(log: (line: string) => void): Promise<void> {
    try {
      await this.#assertMine();
    } catch (error) {
      if (error instanceof TakenOverError) throw error;
      // Without an answer, giving the requests back is still the safe thing.
      log(`cannot read the last deployment: ${reasonOf(error)}`);
    }
    await rollout(this.#stack, { kind: 'back', revision: this.#mine.stableRevision }, this.#pulumi);
  }

  async #assertMine(): Promise<void> {
    const mine = Object.entries(this.#mine);
    if (mine.length === 0) return;
    const now: Readonly<Record<string, string>> = await lastDeployment(this.#stack, this.#pulumi);
    const changed = mine.filter(([key, value]) => now[key] !== value);
    if (changed.length === 0) return;
    const what = changed.map(([key, value]) => `${key} is ${now[key] ?? 'not set'}, not ${value}`);
    throw new TakenOverError(
      `somebody else deployed stack ${this.#stack} meanwhile (${what.join('; ')}): this rollout ends and changes nothing more`,
    );
  }
}
