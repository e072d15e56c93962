import { randomUUID } from 'node:crypto';
import { type IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ProblemName } from '../problems/catalogue.ts';
import { type ProblemResponse, problemResponse } from '../problems/problem.ts';

const PROBLEMS_BY_CODE: Readonly<Record<string, readonly [ProblemName, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', 'The request did not arrive in full in time.'],
  HPE_INVALID_URL: [
    'malformed-request',
    'The URL has a character that must be percent-encoded, such as ú as %C3%BA.',
  ],
  HPE_INVALID_METHOD: [
    'malformed-request',
    'The request does not begin with a method of HTTP, in capital letters. Send GET or HEAD.',
  ],
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'The request line and header fields may be 16 KiB together.'],
};

/** Answers bytes that are not HTTP, or that come too late, with a problem document. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  // As Node does: the client is gone, or a response is being sent and must not be written into.
  // https://nodejs.org/api/http.html#event-clienterror
  if (error.code === 'ECONNRESET' || !socket.writable || answerOf(socket)) {
    socket.destroy();
    return;
  }
  const [problem, detail] = PROBLEMS_BY_CODE[error.code ?? ''] ?? [
    'malformed-request',
    'The request is not valid HTTP. Write a space in a URL as %20.',
  ];
  sendProblem(socket, closingProblem(problem, detail));
}

/** For the server's `connect`: Node would close the connection without an answer. */
export function answerConnect(_request: IncomingMessage, socket: Duplex): void {
  // Node no longer listens: without this, a reset would end the process.
  socket.on('error', () => socket.destroy());
  if (answerOf(socket)) return void socket.destroy();
  const detail = 'This service is no proxy: it does not support CONNECT, only GET, HEAD.';
  sendProblem(socket, closingProblem('method-not-allowed', detail, { allow: 'GET, HEAD' }));
}

function sendProblem(socket: Duplex, { status, headers, body }: ProblemResponse): void {
  // RFC 9110, 6.6.1
  const fields = { ...headers, date: new Date().toUTCString() };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`, () =>
    socket.destroy(),
  );
}

/** The response that a connection of a server is sending or waits for, if any. */
export function answerOf(socket: Duplex): ServerResponse | undefined {
  return '_httpMessage' in socket && socket._httpMessage instanceof ServerResponse
    ? socket._httpMessage
    : undefined;
}

/** For the server's `checkExpectation`: Node's own answer has no body. */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const detail = 'The only expectation that this service meets is 100-continue.';
  const { status, headers, body } = closingProblem('expectation-failed', detail);
  response.writeHead(status, headers).end(body);
}

function closingProblem(
  problem: ProblemName,
  detail: string,
  own: ProblemResponse['headers'] = {},
): ProblemResponse {
  const { status, headers, body } = problemResponse(problem, detail, randomUUID());
  const more = { ...own, 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
  return { status, headers: { ...headers, ...more }, body };
}
