import { DeliveryError } from '../errors.ts';

const TIMEOUT_MS = 20_000;
/** Characters; GitHub takes 65,536. */
const MAX_COMMENT = 65_000;
const PER_PAGE = 100;
/** A pull request with more comments than this gets a second one of ours. */
const MAX_PAGES = 20;

export interface CommentOptions {
  /** `OWNER/NAME` */
  readonly repository: string;
  /** Of the pull request. */
  readonly number: number;
  /** Names the comment: the one that has it is replaced. */
  readonly marker: string;
  readonly text: string;
  readonly token: string;
  /** `https://api.github.com`, or a stand-in. */
  readonly api?: string;
}

/**
 * Writes the one comment with that marker, or replaces what it says. Throws DeliveryError.
 * https://docs.github.com/en/rest/issues/comments
 */
export async function writeComment(options: CommentOptions): Promise<'created' | 'updated'> {
  const { repository, number, marker, text } = options;
  const sign = `<!-- records-platform: ${marker} -->`;
  const body = `${sign}\n${text.slice(0, MAX_COMMENT)}`;
  const id = await find(sign, options);
  if (id === undefined)
    await call('POST', `/repos/${repository}/issues/${number}/comments`, options, { body });
  else await call('PATCH', `/repos/${repository}/issues/comments/${id}`, options, { body });
  return id === undefined ? 'created' : 'updated';
}

async function find(sign: string, options: CommentOptions): Promise<number | undefined> {
  const { repository, number } = options;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const comments = (await call(
      'GET',
      `/repos/${repository}/issues/${number}/comments?per_page=${PER_PAGE}&page=${page}`,
      options,
    )) as readonly { id: number; body?: string; user?: { type?: string } }[];
    // Anybody can write the marker; only a bot's comment is ours.
    const ours = comments.find(({ body, user }) => user?.type === 'Bot' && body?.startsWith(sign));
    if (ours) return ours.id;
    if (comments.length < PER_PAGE) return undefined;
  }
  return undefined;
}

async function call(method: string, path: string, options: CommentOptions, body?: unknown): Promise<unknown> {
  const response = await fetch(new URL(path, options.api ?? 'https://api.github.com'), {
    method,
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${options.token}`,
      'x-github-api-version': '2022-11-28',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.ok) return response.json();
  throw new DeliveryError(
    `GitHub answered ${response.status} to ${method} ${path}: ${await response.text()}`,
  );
}
