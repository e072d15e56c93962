import { reasonOf, UserError } from '@records/cli';
import { type Deployment, type Pulumi, readDeployment } from '@records/stack';
import { apply, type Change, changeFor, type Step } from '../rollout.ts';

/** Somebody else deployed the stack during its rollout. */
export class TakenOverError extends UserError {}

/** Takes the steps of one rollout, each only while the stack is as the step before it left it. */
export class Steps {
  readonly #stack: string;
  readonly #pulumi: Pulumi;
  /** The settings after the last step. After a failed step also those before it, because either may hold. */
  #mine: readonly Change[] = [];

  constructor(stack: string, pulumi: Pulumi) {
    this.#stack = stack;
    this.#pulumi = pulumi;
  }

  /** Throws TakenOverError, and UserError. */
  async take(step: Step): Promise<void> {
    const current = await readDeployment(this.#stack, this.#pulumi);
    this.#assertMine(current);
    const before = this.#mine[0];
    const change = { ...before, ...changeFor(step, this.#stack, current) };
    // A step that fails may have changed the outputs, or not.
    this.#mine = [...this.#mine, change];
    await apply(this.#stack, step, change, this.#pulumi);
    this.#mine = [change];
  }

  /** Gives every request to the stable revision. Throws TakenOverError when somebody else deployed meanwhile. */
  async back(log: (line: string) => void): Promise<void> {
    try {
      this.#assertMine(await readDeployment(this.#stack, this.#pulumi));
    } catch (error) {
      if (error instanceof TakenOverError) throw error;
      // Without an answer, giving the requests back is still the safe thing.
      log(`cannot read the last deployment: ${reasonOf(error)}`);
    }
    const stableRevision = this.#mine[0]?.stableRevision;
    if (stableRevision === undefined) throw new TypeError('no step was taken that could be taken back');
    const step = { kind: 'back', revision: stableRevision } as const;
    await apply(this.#stack, step, { stableRevision, canaryPercent: 0 }, this.#pulumi);
  }

  #assertMine(current: Deployment): void {
    const differences = this.#mine.map((mine) => differencesOf(mine, current));
    const [first] = differences;
    if (first === undefined || differences.some(({ length }) => length === 0)) return;
    throw new TakenOverError(
      `somebody else deployed stack ${this.#stack} meanwhile (${first.join('; ')}): this rollout ends and changes nothing more`,
    );
  }
}

function differencesOf(mine: Change, current: Deployment): string[] {
  return (['image', 'stableRevision', 'canaryPercent'] as const)
    .filter((key) => mine[key] !== undefined && mine[key] !== current[key])
    .map((key) => `${key} is ${current[key] || 'not set'}, not ${mine[key]}`);
}
