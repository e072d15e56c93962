import type { IncomingMessage } from 'node:http';

/** The names of this machine, with any port. */
const THIS_MACHINE = /^(?:localhost|[^:/@]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** What a page can send to another site without asking it first. https://fetch.spec.whatwg.org/#cors-safelisted-request-header */
const SENT_UNASKED = /^(?:text\/plain|application\/x-www-form-urlencoded|multipart\/form-data)\b/i;

/** Why a request for another host is refused: a page may give this machine a name of its own (DNS rebinding). */
export function hostRefusal({ headers: { host } }: IncomingMessage): string | undefined {
  if (host === undefined || THIS_MACHINE.test(host)) return undefined;
  return `the request is for the host "${host}": call this server as 127.0.0.1 or localhost`;
}

/**
 * Why a request is refused; undefined when it is not. Every web page that the user opens can send requests to this machine, so
 * a page of another site must neither read nor change anything: not by its own name (`Origin`, `Sec-Fetch-Site`), not by a name
 * of its own for this machine (`Host`: DNS rebinding), and not with a form.
 */
export function foreignRefusal(request: IncomingMessage): string | undefined {
  const wrongHost = hostRefusal(request);
  if (wrongHost !== undefined) return wrongHost;
  const { headers, method } = request;
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (origin === undefined && site === undefined) return undefined;
  const isOfThisMachine = origin === undefined || THIS_MACHINE.test(origin.replace(/^https?:\/\//i, ''));
  if (!isOfThisMachine || site === 'cross-site') {
    return `the request comes from a web page${origin === undefined ? '' : ` of ${origin}`}: only programs and pages of this machine may call this server`;
  }
  const type = headers['content-type'] ?? 'text/plain';
  if (method !== 'GET' && method !== 'HEAD' && SENT_UNASKED.test(type)) {
    return `a web page sends the content type "${type}": send application/json`;
  }
  return undefined;
}
