import { COLUMN_NAMES } from '@records/records-schema';
import { askApi } from '../ask-api.ts';
import type { CountryCount, RecordsPage } from '../records-state.ts';
import type { StackView } from '../stack-view.ts';
import { Refusal } from '../text.ts';
import type { Input, ServerView } from '../views.ts';

/** Countries that are sent, the largest first. */
const MAX_COUNTRIES = 50;

const LINK = /<([^>]+)>; rel="(first|prev|next|last)"/g;

/** *Records*: pages and countries of the API's list, as any client gets them. */
export function open({ stack }: StackView): ServerView {
  return {
    calls: {
      async 'GET page'({ path }: Input): Promise<RecordsPage> {
        if (typeof path !== 'string' || !path.startsWith('/records?')) {
          const shown = JSON.stringify(path);
          throw new Refusal({
            en: `"path" is ${shown}: it must be /records with a query`,
            es: `"path" es ${shown}: debe ser /records con una consulta`,
          });
        }
        const { apiUrl } = stack.outputs;
        const response = await askApi(apiUrl, path);
        const { headers } = response;
        const links = [...(headers.get('link') ?? '').matchAll(LINK)].map(([, to, relation]) => [
          relation,
          to,
        ]);
        return {
          columns: COLUMN_NAMES,
          rows: (await response.json()) as RecordsPage['rows'],
          total: Number(headers.get('x-total-count')),
          offset: Number(new URLSearchParams(path.slice(path.indexOf('?'))).get('offset') ?? 0),
          takenAt: Date.parse(headers.get('last-modified') ?? ''),
          links: Object.fromEntries(links),
          url: `${apiUrl}${path}`,
        };
      },
      async 'GET countries'(): Promise<readonly CountryCount[]> {
        const response = await askApi(stack.outputs.apiUrl, '/countries');
        return ((await response.json()) as CountryCount[]).slice(0, MAX_COUNTRIES);
      },
    },
  };
}
