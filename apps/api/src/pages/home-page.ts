import { excerpt } from '@records/runtime';
import type { ParameterError, ProblemError } from '../problems/problem.ts';
import type { CountryCount, RecordFilter } from '../warehouse/warehouse.ts';
import { HOME_TEXTS, type HomeTexts } from './home-texts.ts';
import { type Html, html } from './html.ts';
import type { Language } from './language.ts';
import { layout } from './layout.ts';

export const ROWS = 25;
/** Countries with a link; `/countries` has all. */
const MAX_COUNTRIES = 40;
/** Of a cell. A row that was stored unchecked can hold kilobytes. */
const MAX_CHARACTERS = 300;

/** What the address of the page asks for. */
export interface HomeQuery {
  readonly filter: RecordFilter | undefined;
  readonly offset: number;
  /** The language that a link chose: every link of the page keeps it. */
  readonly lang: string | undefined;
}

export interface HomeList {
  readonly total: number;
  /** Milliseconds since the epoch. */
  readonly takenAt: number;
  readonly token: string;
  /** At most ROWS, from the offset. */
  readonly rows: readonly Readonly<Record<string, string | null>>[];
  /** Undefined when counting them would take a query. */
  readonly countries: readonly CountryCount[] | undefined;
}

/** The list for people. */
export function homePage(language: Language, query: HomeQuery, list: HomeList): string {
  const texts = HOME_TEXTS[language];
  const { filter } = query;
  const count = new Intl.NumberFormat(LOCALES[language]);
  const link = (part: Linked) => hrefOf({ filter, lang: query.lang, ...part });
  return layout(
    texts.title,
    html`${header(texts, query)}
<main>
<p class="total"><strong>${count.format(list.total)}</strong> ${filter ? texts.matching : texts.total}</p>
<p>${texts.taken} ${moment(list.takenAt, language)}</p>
<h2 id="filter">${texts.filterTitle}</h2>
${filterForm(texts, query)}
${countryLinks(texts, list.countries, (pais) => link({ filter: { pais: [pais] } }), count)}
<h2 id="records">${texts.records}</h2>
${list.rows.length > 0 ? table(texts, list.rows) : html`<p>${filter ? texts.noneMatch : texts.none}</p>`}
${pageLinks(texts, query, list, (offset) => link({ offset, snapshot: list.token }), count)}
<h2 id="downloads">${texts.downloads}</h2>
${downloads(texts, filter)}
</main>`,
    language,
  );
}

/** A problem, as a sentence for people. */
export function homeProblemPage(
  language: Language,
  query: Partial<HomeQuery>,
  { problem, errors = [] }: ProblemError,
  requestId: string,
): string {
  const texts = HOME_TEXTS[language];
  const values = errors.map(
    ({ name, value }: ParameterError) =>
      html`<li><code>${name}${value === undefined ? undefined : html`=${value}`}</code></li>`,
  );
  return layout(
    texts.failed,
    html`${header(texts, query)}
<main>
<h2>${texts.failed}</h2>
<p>${texts.problems[problem] ?? texts.otherProblem}</p>
${values.length > 0 ? html`<ul>${values}</ul>` : undefined}
<p><a href="${hrefOf(query)}">${texts.again}</a></p>
<p>${texts.request} <code>${requestId}</code></p>
</main>`,
    language,
  );
}

/** Of numbers and times. */
const LOCALES = { es: 'es-419', en: 'en-GB' } as const;

interface Linked extends Partial<HomeQuery> {
  readonly snapshot?: string;
}

function hrefOf({ filter, ...rest }: Linked): string {
  const query = new URLSearchParams(pairsOf(filter));
  for (const [name, value] of Object.entries(rest)) if (value) query.set(name, String(value));
  return query.size > 0 ? `/?${query}` : '/';
}

function pairsOf(filter: RecordFilter = {}): [string, string][] {
  return Object.entries(filter).flatMap(([name, values]) =>
    values.map((value): [string, string] => [name, value]),
  );
}

function header(texts: HomeTexts, { filter, offset = 0 }: Partial<HomeQuery>): Html {
  const { language, name } = texts.other;
  return html`<header><h1>${texts.title}</h1>
<p>${texts.about}</p>
<nav><a href="/docs">${texts.documentation}</a> <a href="${hrefOf({ filter, offset, lang: language })}" hreflang="${language}" lang="${language}">${name}</a></nav></header>`;
}

function moment(at: number, language: Language): Html {
  const format = new Intl.DateTimeFormat(LOCALES[language], {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'UTC',
  });
  return html`<time datetime="${new Date(at).toISOString()}">${format.format(at)} UTC</time>`;
}

function filterForm(texts: HomeTexts, { filter = {}, lang }: HomeQuery): Html {
  const fields = (['nombre', 'apellido', 'pais'] as const).flatMap((name) =>
    (filter[name] ?? ['']).map(
      (value) =>
        html`<label>${texts.fields[name]}<input name="${name}" value="${value}" autocomplete="off"></label>\n`,
    ),
  );
  const chosen = lang === undefined ? undefined : html`<input type="hidden" name="lang" value="${lang}">`;
  const clear =
    pairsOf(filter).length > 0 ? html`<a href="${hrefOf({ lang })}">${texts.clear}</a>` : undefined;
  return html`<form action="/" method="get" aria-labelledby="filter">${fields}${chosen}<button>${texts.filter}</button> ${clear}</form>
<p>${texts.filterHint}</p>`;
}

function countryLinks(
  texts: HomeTexts,
  countries: readonly CountryCount[] | undefined,
  hrefOfCountry: (pais: string) => string,
  count: Intl.NumberFormat,
): Html | undefined {
  if (!countries || countries.length === 0) return undefined;
  const items = countries
    .slice(0, MAX_COUNTRIES)
    .map(
      ({ pais, records }) =>
        html`<li><a href="${hrefOfCountry(pais)}"><bdi>${excerpt(pais, MAX_CHARACTERS)}</bdi></a> ${count.format(records)}</li>\n`,
    );
  const more =
    countries.length > MAX_COUNTRIES
      ? html`<p><a href="/countries">${texts.moreCountries}</a> (${count.format(countries.length)})</p>`
      : undefined;
  return html`<h2 id="countries">${texts.countries}</h2>
<ul>${items}</ul>${more}`;
}

function table(texts: HomeTexts, rows: HomeList['rows']): Html {
  const cell = (text: string | null | undefined) =>
    html`<td><bdi>${text ? excerpt(text, MAX_CHARACTERS) : '—'}</bdi></td>`;
  const lines = rows.map(
    ({ id, nombre, apellido, pais }) =>
      html`<tr>${cell(nombre)}${cell(apellido)}${cell(pais)}<td class="id"><a href="/records/${encodeURIComponent(id ?? '')}">${excerpt(id ?? '', MAX_CHARACTERS)}</a></td></tr>\n`,
  );
  const { nombre, apellido, pais } = texts.fields;
  return html`<table aria-labelledby="records"><thead><tr><th scope="col">${nombre}</th><th scope="col">${apellido}</th><th scope="col">${pais}</th><th scope="col">id</th></tr></thead>
<tbody>${lines}</tbody></table>`;
}

function pageLinks(
  texts: HomeTexts,
  { offset }: HomeQuery,
  { total }: HomeList,
  hrefOfPage: (offset: number) => string,
  count: Intl.NumberFormat,
): Html | undefined {
  if (total === 0) return undefined;
  // A record that cannot be served keeps its place.
  const end = Math.min(offset + ROWS, total);
  const last = Math.floor((total - 1) / ROWS) * ROWS;
  const previous =
    offset > 0
      ? html`<a rel="prev" href="${hrefOfPage(Math.max(0, Math.min(offset - ROWS, last)))}">← ${texts.previous}</a>`
      : undefined;
  const next = end < total ? html`<a rel="next" href="${hrefOfPage(end)}">${texts.next} →</a>` : undefined;
  const range =
    offset < total
      ? html`<span>${count.format(offset + 1)}–${count.format(end)} ${texts.of} ${count.format(total)}</span>`
      : undefined;
  return html`<nav aria-label="${texts.pages}">${previous} ${range} ${next}</nav>`;
}

function downloads(texts: HomeTexts, filter: RecordFilter | undefined): Html {
  const query = new URLSearchParams(pairsOf(filter));
  const path = (name: string, more: Record<string, string> = {}) => {
    const all = new URLSearchParams([...query, ...Object.entries(more)]);
    return all.size > 0 ? `${name}?${all}` : name;
  };
  return html`<ul><li><a href="${path('/records.csv')}">${texts.csv}</a></li>
<li><a href="${path('/records.csv', { bom: 'true' })}">${texts.excel}</a></li>
<li><a href="${path('/records.ndjson')}">${texts.ndjson}</a></li></ul>
<p>${texts.downloadsHint}</p>`;
}
