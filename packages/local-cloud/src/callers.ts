import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from './clock.ts';
import { CloudError } from './errors.ts';
import { type Iam, rolesWith } from './iam.ts';

/** What a caller may do. */
export interface Access {
  /** `serviceAccount:…`; undefined for the developer, who owns the project. */
  readonly member: string | undefined;
  /** False is reported as a refusal. `resource` is Google's relative resource name. */
  allows(permission: string, resource: string): boolean;
}

/** Whoever calls without a token of this cloud: the person at this machine. */
export const DEVELOPER: Access = { member: undefined, allows: () => true };

/** Seconds; as at Google. https://docs.cloud.google.com/run/docs/securing/service-identity */
export const TOKEN_SECONDS = 3600;

const PREFIX = 'local-cloud.';

/** Distinct refusals that are remembered as told. */
const MAX_TOLD = 1000;

interface CallersOptions {
  readonly iam: Iam;
  readonly clock: Clock;
  /** Hears of each refusal once, with the role that is missing. */
  onRefused(message: string): void;
}

/**
 * Who calls, by the token that the call carries.
 *
 * Differences from Google: a call without a token of this cloud is the developer's, who may do everything; a token of
 * another issuer, such as the developer's own for Google Cloud, is not looked at.
 */
export class Callers {
  readonly #options: CallersOptions;
  readonly #key = randomBytes(32);
  readonly #told = new Set<string>();

  constructor(options: CallersOptions) {
    this.#options = options;
  }

  /** An access token of a service account, by its e-mail. It ends after an hour, or with this process. */
  tokenFor(email: string): string {
    const expires = this.#options.clock.now() + TOKEN_SECONDS * 1000;
    const claims = Buffer.from(JSON.stringify({ email, expires })).toString('base64url');
    return `${PREFIX}${claims}.${this.#signature(claims)}`;
  }

  /** The caller with this `Authorization` header. Throws CloudError UNAUTHENTICATED. */
  of(authorization: string | undefined): Access {
    const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (!token?.startsWith(PREFIX)) return DEVELOPER;
    const member = `serviceAccount:${this.#emailOf(token.slice(PREFIX.length))}`;
    return { member, allows: (permission, resource) => this.#allows(member, permission, resource) };
  }

  #emailOf(token: string): string {
    const [claims = '', signature = ''] = token.split('.');
    const expected = Buffer.from(this.#signature(claims));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw unauthenticated('the token is of another run of the local cloud');
    }
    const { email, expires } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as {
      email: string;
      expires: number;
    };
    if (expires <= this.#options.clock.now()) throw unauthenticated('the token has expired');
    return email;
  }

  #signature(claims: string): string {
    return createHmac('sha256', this.#key).update(claims).digest('base64url');
  }

  #allows(member: string, permission: string, resource: string): boolean {
    const { iam, onRefused } = this.#options;
    if (iam.allows(member, permission, resource)) return true;
    const message = `${member} lacks ${permission} on ${resource}: ${wayOut(member, permission, resource)}`;
    if (!this.#told.has(message)) {
      if (this.#told.size >= MAX_TOLD) this.#told.clear();
      this.#told.add(message);
      onRefused(message);
    }
    return false;
  }
}

/** Which grant is missing, in words. */
export function wayOut(member: string | undefined, permission: string, resource: string): string {
  const [role] = rolesWith(permission);
  return role
    ? `grant ${role} on ${resource}, or above it, to ${member}`
    : `no role whose permissions the local cloud knows includes ${permission}`;
}

function unauthenticated(hint: string): CloudError {
  return new CloudError(
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
    { hint },
  );
}
