import { html, nothing } from 'lit-html';
import type { CountryCount, RecordsPage } from '../../records-state.ts';
import { call } from '../call.ts';
import { number, t, time } from '../text.ts';
import type { Page, View } from '../view.ts';
import { Work } from '../work.ts';

/** Records of a page. */
const LIMIT = 25;

const FIELDS = ['nombre', 'apellido'] as const;

const PAGES = [
  ['first', { en: 'First', es: 'Primera' }],
  ['prev', { en: 'Previous', es: 'Anterior' }],
  ['next', { en: 'Next', es: 'Siguiente' }],
  ['last', { en: 'Last', es: 'Última' }],
] as const;

export function open({ redraw, query, remember }: Page): View {
  let filter = query();
  let countries: readonly CountryCount[] = [];
  let shown: RecordsPage | undefined;
  const work = new Work(redraw);

  const show = (path: string) =>
    work.do(async () => {
      shown = await call<RecordsPage>('GET', `records/page?${new URLSearchParams({ path })}`);
      countries = await call<readonly CountryCount[]>('GET', 'records/countries');
    });
  const start = () => {
    remember(filter);
    show(`/records?${new URLSearchParams([['limit', String(LIMIT)], ...filter])}`);
  };
  const change = (name: string, values: readonly string[]) => {
    const others = [...filter].filter(([other]) => other !== name);
    filter = new URLSearchParams([...others, ...values.map((value) => [name, value])]);
  };
  const toggle = (pais: string) => {
    const chosen = filter.getAll('pais');
    change('pais', chosen.includes(pais) ? chosen.filter((one) => one !== pais) : [...chosen, pais]);
    start();
  };
  start();

  return {
    render: () => html`
      <form class="filters" @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        start();
      }}>
        <div class="fields">${FIELDS.map(
          (name) => html`
            <label>${name} ${t({ en: '(exactly)', es: '(exacto)' })}
              <input name=${name} .value=${filter.get(name) ?? ''} autocomplete="off"
                @input=${({ target }: InputEvent) => {
                  const { value } = target as HTMLInputElement;
                  change(name, value === '' ? [] : [value]);
                }}>
            </label>`,
        )}</div>
        <p class="buttons">
          <button class="main">${t({ en: 'Show', es: 'Mostrar' })}</button>
          <button type="button" @click=${() => {
            filter = new URLSearchParams();
            start();
          }}>${t({ en: 'All records', es: 'Todos los registros' })}</button>
        </p>
      </form>
      ${work.problem()}
      <h2 id="countries">${t({ en: 'Countries, with records in the whole list', es: 'Países, con registros en toda la lista' })}</h2>
      <ul class="facets" aria-labelledby="countries">${countries.map(
        ({ pais, records }) => html`
          <li><button type="button" aria-pressed=${filter.getAll('pais').includes(pais)} @click=${() => toggle(pais)}>
            ${pais} <span class="count">${number(records)}</span>
          </button></li>`,
      )}</ul>
      ${shown === undefined ? nothing : drawn(shown, show)}
    `,
  };
}

function drawn(
  { columns, rows, total, offset, takenAt, links, url }: RecordsPage,
  show: (path: string) => void,
) {
  const { origin, search } = new URL(url);
  const file = new URLSearchParams(search);
  for (const name of ['limit', 'offset']) file.delete(name);
  const range =
    rows.length === 0
      ? t({ en: 'No records', es: 'Ningún registro' })
      : `${number(offset + 1)}–${number(offset + rows.length)} ${t({ en: 'of', es: 'de' })} ${number(total)} ${t({ en: 'records', es: 'registros' })}`;
  return html`
    <p role="status">${range}, ${t({ en: 'in the list of', es: 'en la lista de las' })} ${time(takenAt)}</p>
    <p class="buttons" role="group" aria-label=${t({ en: 'Pages', es: 'Páginas' })}>${PAGES.map(
      ([relation, text]) => {
        const path = links[relation];
        return html`<button type="button" ?disabled=${path === undefined} @click=${() => path && show(path)}>${t(text)}</button>`;
      },
    )}</p>
    <div class="scroll" tabindex="0" role="region" aria-label=${t({ en: 'Records', es: 'Registros' })}>
      <table>
        <thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
        <tbody>${rows.map(
          (row) => html`<tr>${columns.map((column) => html`<td>${String(row[column] ?? '')}</td>`)}</tr>`,
        )}</tbody>
      </table>
    </div>
    <h2>${t({ en: 'The same by curl, and as files', es: 'Lo mismo con curl, y como archivos' })}</h2>
    <pre tabindex="0">curl -i '${url}'</pre>
    <p class="buttons">
      <a href="${origin}/records.csv?${file}">CSV</a>
      <a href="${origin}/records.ndjson?${file}">NDJSON</a>
    </p>
  `;
}
