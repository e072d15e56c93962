import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ProblemName } from '../problems/catalogue.ts';
import { problemResponse } from '../problems/problem.ts';

const PROBLEMS_BY_CODE: Readonly<Record<string, readonly [ProblemName, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', 'The request was not received in full in time.'],
  HPE_INVALID_URL: [
    'malformed-request',
    'The URL has a character that must be percent-encoded, such as ú as %C3%BA.',
  ],
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'The request line and header fields may be 16 KiB together.'],
};

/** Answers what is not HTTP, or not in time, in the same words as everything else; there is no request yet. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  // Node's own rule: nobody is there, or a response is on its way and must not be written into.
  // https://nodejs.org/api/http.html#event-clienterror
  const answering = '_httpMessage' in socket && socket._httpMessage;
  if (error.code === 'ECONNRESET' || !socket.writable || answering) {
    socket.destroy();
    return;
  }
  const [problem, detail] = PROBLEMS_BY_CODE[error.code ?? ''] ?? [
    'malformed-request',
    'The request is not valid HTTP. A space in a URL is written %20.',
  ];
  const { status, headers, body } = problemResponse(problem, detail, randomUUID());
  const lines = Object.entries({
    ...headers,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`, () => socket.destroy());
}

/** For the server's `checkExpectation`: Node's own answer has no body. */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body } = problemResponse(
    'expectation-failed',
    'Of the expectations, only 100-continue is met.',
    randomUUID(),
  );
  response
    .writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' })
    .end(body);
}
