import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from './clock.ts';
import { CloudError } from './errors.ts';
import { type Iam, rolesWith } from './iam.ts';

/** A caller and its permissions. */
export interface Access {
  /** `serviceAccount:…`; undefined for the developer, who may do everything. */
  readonly member: string | undefined;
  /** Reports a refusal when the answer is false. `resource` is Google's relative resource name. */
  allows(permission: string, resource: string): boolean;
  /** The same answer, for a caller who only asks: reports and records nothing. */
  holds(permission: string, resource: string): boolean;
}

/** The caller of a request without a token of this cloud: the person at this machine. */
export const DEVELOPER: Access = { member: undefined, allows: () => true, holds: () => true };

/** The e-mail address of a member; a made-up one for the developer. */
export function emailOf(member: string | undefined): string {
  return member?.replace(/^\w+:/, '') ?? 'developer@localhost';
}

/** Lifetime of an access token in seconds, as at Google. https://docs.cloud.google.com/run/docs/securing/service-identity */
export const TOKEN_SECONDS = 3600;

const PREFIX = 'local-cloud.';

/** The member that a grant to everybody names. */
const ANYBODY = 'allUsers';

/** Distinct refusals that are remembered, so that each is reported once. */
const MAX_REPORTED = 1000;

interface CallersOptions {
  readonly iam: Iam;
  readonly clock: Clock;
  /** Called once for each distinct refusal, with the missing role. */
  onRefused(message: string): void;
}

/**
 * Identifies callers by their access token.
 *
 * Differences from Google: a request without a token of this cloud is the developer's, who may do everything. Tokens of
 * other issuers, such as the developer's own for Google Cloud, are ignored.
 */
export class Callers {
  readonly #options: CallersOptions;
  readonly #key = randomBytes(32);
  readonly #reported = new Set<string>();

  constructor(options: CallersOptions) {
    this.#options = options;
  }

  /** An access token for the service account with this e-mail. It expires after an hour, or when this process ends. */
  tokenFor(email: string): string {
    const expires = this.#options.clock.now() + TOKEN_SECONDS * 1000;
    // Clients read `exp` of an ID token, in seconds.
    const exp = Math.floor(expires / 1000);
    const claims = Buffer.from(JSON.stringify({ email, expires, exp })).toString('base64url');
    return `${PREFIX}${claims}.${this.#signature(claims)}`;
  }

  /** The caller with this `Authorization` header. Throws CloudError UNAUTHENTICATED. */
  of(authorization: string | undefined): Access {
    const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (!token?.startsWith(PREFIX)) return DEVELOPER;
    const member = `serviceAccount:${this.#emailOf(token.slice(PREFIX.length))}`;
    return {
      member,
      allows: (permission, resource) => this.#allows(member, permission, resource),
      holds: (permission, resource) => this.#options.iam.grantsFor(member, permission, resource).length > 0,
    };
  }

  /**
   * Why a caller may not use something that Google lets nobody use without a token; undefined when it may. Without a token, only a grant
   * to `allUsers` helps. A token of another issuer is the developer's.
   */
  refusalOf(permission: string, resource: string, authorization: string | undefined): 401 | 403 | undefined {
    if (authorization === undefined) return this.#allows(ANYBODY, permission, resource) ? undefined : 403;
    try {
      return this.of(authorization).allows(permission, resource) ? undefined : 403;
    } catch (error) {
      if (error instanceof CloudError && error.code === 'UNAUTHENTICATED') return 401;
      throw error;
    }
  }

  #emailOf(token: string): string {
    const [claims = '', signature = ''] = token.split('.');
    const expected = Buffer.from(this.#signature(claims));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw unauthenticated('the token was issued by another run of the local cloud: request a new one');
    }
    const { email, expires } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as {
      email: string;
      expires: number;
    };
    if (expires <= this.#options.clock.now())
      throw unauthenticated('the token has expired: request a new one');
    return email;
  }

  #signature(claims: string): string {
    return createHmac('sha256', this.#key).update(claims).digest('base64url');
  }

  #allows(member: string, permission: string, resource: string): boolean {
    const { iam, onRefused } = this.#options;
    if (iam.allows(member, permission, resource)) return true;
    const message = `${member} lacks ${permission} on ${resource}: ${grantHint(member, permission, resource)}`;
    if (!this.#reported.has(message)) {
      if (this.#reported.size >= MAX_REPORTED) this.#reported.clear();
      this.#reported.add(message);
      onRefused(message);
    }
    return false;
  }
}

/** Names the missing grant. */
export function grantHint(member: string | undefined, permission: string, resource: string): string {
  const [role] = rolesWith(permission);
  return role
    ? `grant ${role} on ${resource}, or above it, to ${member}`
    : `no role known to the local cloud includes ${permission}`;
}

function unauthenticated(hint: string): CloudError {
  return new CloudError(
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
    { hint },
  );
}
