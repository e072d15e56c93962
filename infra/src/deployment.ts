// What a deployment decides and Git does not hold: the image that runs, and the revision that gets the requests. The outputs of
// the stack keep both for the next deployment, which one of these variables can tell otherwise, for that one time. Without
// Pulumi's SDK, so that the operator's commands load fast.

/** The image to deploy, by its digest. */
export const DEPLOY_IMAGE = 'DEPLOY_IMAGE';
/** How revisions share the requests, as gcloud writes it: `REVISION=90,LATEST=10`, or `LATEST=100`. */
export const DEPLOY_TRAFFIC = 'DEPLOY_TRAFFIC';

/** By digest, because a tag can move after a review. A `localhost` image cannot leave this machine, so its tag may. */
const IMAGE = /^([\w.-]+\.[\w.-]+(\/[\w.-]+)+@sha256:[0-9a-f]{64}|localhost(\/[\w.-]+)+:[\w.-]+)$/;

/** https://docs.cloud.google.com/run/docs/managing/revisions: at most 63 characters */
const TRAFFIC =
  /^(?:(?<stable>[a-z]([-a-z0-9]{0,61}[a-z0-9])?)=(?<rest>\d{1,3}),)?LATEST=(?<newest>\d{1,3})$/;

/** How two revisions share the requests. */
export interface Rollout {
  /** The revision that takes the rest of the requests. After a promotion: the one that can take them back. */
  readonly stableRevision: string;
  /** Percent of the requests that the newest revision takes. */
  readonly canaryPercent: number;
}

export interface Deployment {
  /** Undefined for a stack that never had one. */
  readonly image: string | undefined;
  /** Undefined sends every request to the newest revision. */
  readonly rollout: Rollout | undefined;
}

/** The outputs of a stack that a deployment leaves to the next one. */
export interface Left {
  readonly image?: string | undefined;
  readonly stableRevision?: string | undefined;
  readonly canaryPercent?: number | undefined;
  /** The newest revision. */
  readonly revision?: string | undefined;
}

/** A variable with a value that no deployment can follow. */
export class ToldError extends Error {
  override readonly name = 'ToldError';
}

/** What to deploy after `last`. Throws ToldError. */
export function decide(last: Left, variables: Readonly<Record<string, string | undefined>>): Deployment {
  const image = toldImage(variables[DEPLOY_IMAGE]);
  const traffic = toldTraffic(variables[DEPLOY_TRAFFIC]);
  const rollout = image === undefined ? rolloutOf(last) : promotion(image, last);
  return { image: image ?? last.image, rollout: traffic ? traffic.rollout : rollout };
}

/** The variables for one deployment. What is absent stays as the last deployment left it. */
export function variablesFor(
  image: string | undefined,
  rollout: Rollout | undefined,
): Record<string, string> {
  return {
    ...(image !== undefined && { [DEPLOY_IMAGE]: image }),
    ...(rollout && { [DEPLOY_TRAFFIC]: trafficText(rollout) }),
  };
}

function trafficText({ stableRevision, canaryPercent }: Rollout): string {
  return `${stableRevision}=${100 - canaryPercent},LATEST=${canaryPercent}`;
}

function toldImage(told: string | undefined): string | undefined {
  if (!told || IMAGE.test(told)) return told || undefined;
  const rule = 'an image by its digest, such as HOST/PROJECT/REPOSITORY/api@sha256:…';
  throw new ToldError(`${DEPLOY_IMAGE} is ${JSON.stringify(told)}: it must be ${rule}`);
}

function toldTraffic(told: string | undefined): Pick<Deployment, 'rollout'> | undefined {
  if (!told) return undefined;
  const { stable, rest = '0', newest } = TRAFFIC.exec(told)?.groups ?? {};
  const canaryPercent = Number(newest);
  if (canaryPercent + Number(rest) === 100) {
    return { rollout: stable === undefined ? undefined : { stableRevision: stable, canaryPercent } };
  }
  const rule = 'REVISION=PERCENT,LATEST=PERCENT with 100 percent in all, or LATEST=100';
  throw new ToldError(`${DEPLOY_TRAFFIC} is ${JSON.stringify(told)}: it must be ${rule}`);
}

function rolloutOf({ stableRevision, canaryPercent = 0 }: Left): Rollout | undefined {
  return stableRevision ? { stableRevision, canaryPercent } : undefined;
}

/** The image gets every request, and the revision that serves now can take them back. */
function promotion(image: string, last: Left): Rollout | undefined {
  const back = wayBack(image, last);
  return back === undefined ? undefined : { stableRevision: back, canaryPercent: 100 };
}

function wayBack(image: string, last: Left): string | undefined {
  // Deployed once more, an image must not become its own way back.
  if (image === last.image) return last.stableRevision;
  return servingRevision(last);
}

/** The revision that is known to be good: not the newest while a rollout is under way or was taken back. */
export function servingRevision({ stableRevision, canaryPercent = 0, revision }: Left): string | undefined {
  return stableRevision && canaryPercent < 100 ? stableRevision : revision;
}
