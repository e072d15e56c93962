import { type IncomingMessage, ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';

declare module 'node:http' {
  interface ServerResponse<Request> {
    /** Makes the head. Undocumented, the same in Node 20 to 24; front.test.ts fails without it. */
    _storeHeader(statusLine: string, headers: unknown): void;
  }
}

/** Node validates and joins every field of every answer anew, which is an eighth of the time of a hot page. */
export class FrontResponse<T extends IncomingMessage = IncomingMessage> extends ServerResponse<T> {
  /** Fields of the head, as `serialized` makes them. */
  constant = '';

  override _storeHeader(statusLine: string, headers: unknown): void {
    super._storeHeader(statusLine + this.constant, headers);
  }
}

/** Header fields as they are sent. Throws for a name or value that is not valid. */
export function serialized(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => {
      validateHeaderName(name);
      validateHeaderValue(name, value);
      return `${name}: ${value}\r\n`;
    })
    .join('');
}
