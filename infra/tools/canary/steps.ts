import { type Deployed, lastDeployment } from '../last-deployment.ts';
import type { PulumiCli } from '../pulumi-cli.ts';
import { type Rollout, rollout } from '../rollout.ts';

/** Somebody else deployed the stack while its rollout was under way: what is there now is theirs. */
export class TakenOverError extends Error {
  override readonly name = 'TakenOverError';
}

/** Takes the steps of one rollout, each only when the one before it is still the last deployment of the stack. */
export class Steps {
  readonly #stack: string;
  readonly #pulumi: PulumiCli;
  #mine: Deployed = {};

  constructor(stack: string, pulumi: PulumiCli) {
    this.#stack = stack;
    this.#pulumi = pulumi;
  }

  /** Throws TakenOverError, and what `rollout` throws. */
  async take(step: Rollout): Promise<void> {
    await this.#assertMine();
    this.#mine = { ...this.#mine, ...(await rollout(this.#stack, step, this.#pulumi)) };
  }

  /** Every request to the stable revision. Throws TakenOverError when that is not for this rollout to say any more. */
  async back(log: (line: string) => void): Promise<void> {
    try {
      await this.#assertMine();
    } catch (error) {
      if (error instanceof TakenOverError) throw error;
      // Not to know is no reason to leave requests where they are.
      log(`can not tell the last deployment: ${error instanceof Error ? error.message : error}`);
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
      `somebody else deployed stack ${this.#stack} meanwhile (${what.join('; ')}): this rollout ends, and leaves what is there`,
    );
  }
}
