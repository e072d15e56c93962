import { getOctokit } from '@actions/github';
import { reasonOf, UserError } from '@records/cli';

const TIMEOUT_MS = 60_000;
/** Characters; GitHub accepts 65,536. */
const MAX_COMMENT = 65_000;

export interface CommentOptions {
  /** `OWNER/NAME` */
  readonly repository: string;
  /** Of the pull request. */
  readonly number: number;
  /** Identifies the comment to replace. */
  readonly marker: string;
  readonly text: string;
  readonly token: string;
  /** `https://api.github.com`, or a stand-in. */
  readonly api?: string;
}

/** Writes the comment with that marker, or replaces it. Throws UserError. */
export async function writeComment(options: CommentOptions): Promise<'created' | 'updated'> {
  const { repository, number: issue_number, marker, text, token, api = 'https://api.github.com' } = options;
  const [owner = '', repo = ''] = repository.split('/');
  const sign = `<!-- records-platform: ${marker} -->`;
  const body = `${sign}\n${text.slice(0, MAX_COMMENT)}`;
  const request = { signal: AbortSignal.timeout(TIMEOUT_MS) };
  const octokit = getOctokit(token, { baseUrl: api, request });
  const { createComment, listComments, updateComment } = octokit.rest.issues;
  try {
    const comments = await octokit.paginate(listComments, { owner, repo, issue_number, per_page: 100 });
    // Anybody can write the marker; only a bot's comment is ours.
    const ours = comments.find((comment) => comment.user?.type === 'Bot' && comment.body?.startsWith(sign));
    if (ours) await updateComment({ owner, repo, comment_id: ours.id, body });
    else await createComment({ owner, repo, issue_number, body });
    return ours ? 'updated' : 'created';
  } catch (cause) {
    throw new UserError(`GitHub did not take the comment: ${reasonOf(cause)}`, { cause });
  }
}
