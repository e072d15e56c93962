import { html, nothing, type TemplateResult } from 'lit-html';
import type { JobsUpdate, QueryPrice, ShownJob, SqlAnswer, SqlForm } from '../../sql-state.ts';
import { call } from '../call.ts';
import { bytes, counted, number, t, time, usd } from '../text.ts';
import type { Page, View } from '../view.ts';
import { Work } from '../work.ts';

type Rows = Extract<SqlAnswer, { readonly rows: unknown }>;
type Refused = Extract<SqlAnswer, { readonly refusal: string }>;

const TIB = 2 ** 40;

/** Characters of a query that the address keeps: Node takes 16 KiB of headers. */
const MAX_REMEMBERED = 1_000;

/** Characters of a query in the list of jobs. */
const MAX_SUMMARY = 80;

export function open({ redraw, query, remember }: Page): View {
  let sql = query().get('sql') ?? '';
  let price: QueryPrice | undefined;
  let answer: SqlAnswer | undefined;
  let update: JobsUpdate | undefined;
  const work = new Work(redraw);

  const run = () =>
    work.do(async () => {
      remember(new URLSearchParams(sql.length > MAX_REMEMBERED ? {} : { sql }));
      answer = await call<SqlAnswer>('POST', 'sql/run', { sql });
      if ('refusal' in answer) select(answer);
    });
  const edit = (text: string) => {
    sql = text;
    redraw();
    editor()?.focus();
  };
  work.do(async () => {
    const form = await call<SqlForm>('GET', 'sql/form');
    price = form.price;
    if (sql === '') sql = form.sql;
  });

  return {
    receive(value: JobsUpdate) {
      update = value;
    },
    render: () => html`
      <form @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        run();
      }}>
        <label>${t({ en: 'Query (GoogleSQL)', es: 'Consulta (GoogleSQL)' })}
          <textarea id="sql" rows="6" spellcheck="false" .value=${sql}
            @input=${({ target }: InputEvent) => {
              sql = (target as HTMLTextAreaElement).value;
            }}
            @keydown=${(event: KeyboardEvent) => {
              if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
              event.preventDefault();
              run();
            }}></textarea>
        </label>
        <p class="buttons">
          <button class="main">${t({ en: 'Run', es: 'Ejecutar' })}</button>
          <span>${t({ en: 'or Ctrl-Enter', es: 'o Ctrl-Enter' })}</span>
        </p>
      </form>
      ${work.problem()}
      <div class="answer" aria-live="polite">${
        work.isRunning && answer === undefined
          ? html`<p>${t({ en: 'Running…', es: 'Ejecutando…' })}</p>`
          : answer && ('refusal' in answer ? refused(answer, sql) : drawn(answer, price))
      }</div>
      ${update && jobs(update, price, edit)}
    `,
  };
}

function editor(): HTMLTextAreaElement | null {
  return document.querySelector<HTMLTextAreaElement>('#sql');
}

/** Puts the cursor where the query is wrong. */
function select({ line, column }: Refused): void {
  const area = editor();
  if (!area || line === undefined || column === undefined) return;
  const before = area.value.split('\n').slice(0, line - 1);
  const at = before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
  area.focus();
  area.setSelectionRange(at, at + 1);
}

function refused({ refusal, line, column }: Refused, sql: string) {
  const text = line === undefined ? undefined : sql.split('\n')[line - 1];
  return html`<div class="trouble" role="alert" lang="en">${refusal}${
    text === undefined ? nothing : html`<pre>${text}\n${' '.repeat((column ?? 1) - 1)}^</pre>`
  }</div>`;
}

function drawn(answer: Rows, price: QueryPrice | undefined) {
  const { columns, rows, totalRows, bytesProcessed, bytesBilled, milliseconds, changedRows } = answer;
  const size =
    changedRows === undefined
      ? counted(totalRows, { en: 'row', es: 'fila' }, { en: 'rows', es: 'filas' })
      : counted(
          changedRows,
          { en: 'changed row', es: 'fila cambiada' },
          { en: 'changed rows', es: 'filas cambiadas' },
        );
  const facts = [
    size,
    `${number(milliseconds)} ms`,
    `${bytes(bytesProcessed)} ${t({ en: 'read', es: 'leídos' })}`,
    `${bytes(bytesBilled)} ${t({ en: 'billed', es: 'facturados' })}`,
    ...(price ? [cost(bytesBilled, price)] : []),
  ];
  return html`
    <p>${facts.join(' · ')}</p>
    ${
      rows.length < totalRows
        ? html`<p>${t({ en: 'The first', es: 'Las primeras' })} ${number(rows.length)}:</p>`
        : nothing
    }
    ${
      columns.length === 0
        ? nothing
        : html`<div class="scroll" tabindex="0" role="region" aria-label=${t({ en: 'Result', es: 'Resultado' })}>
            <table>
              <thead><tr>${columns.map(({ name, type }) => html`<th scope="col" title=${type}>${name}</th>`)}</tr></thead>
              <tbody>${rows.map(
                (row) => html`<tr>${row.map((value) => html`<td>${value ?? html`<i>NULL</i>`}</td>`)}</tr>`,
              )}</tbody>
            </table>
          </div>`
    }
  `;
}

/** Google's list price. Nothing is billed on this machine. */
function cost(billed: number, { region, usdPerTib }: QueryPrice): string {
  return `${usd((billed / TIB) * usdPerTib)} ${t({ en: 'at Google in', es: 'en Google en' })} ${region}`;
}

function jobs(
  { jobs, bytesBilled, requests }: JobsUpdate,
  price: QueryPrice | undefined,
  edit: (sql: string) => void,
): TemplateResult {
  const billed = `${bytes(bytesBilled)} ${t({ en: 'billed to all queries since pnpm dev started', es: 'facturados a todas las consultas desde que pnpm dev inició' })}`;
  const facts = [
    price ? `${billed} (${cost(bytesBilled, price)})` : billed,
    ...(requests === undefined
      ? []
      : [
          `${t({ en: 'requests to the API since it started', es: 'solicitudes a la API desde que inició' })}: ${number(requests)}`,
        ]),
  ];
  return html`
    <h2>${t({ en: "Everybody's last jobs", es: 'Los últimos trabajos de todos' })}</h2>
    <p>${facts.join(' · ')}</p>
    <ol class="jobs" reversed>${jobs.map((job) => drawnJob(job, edit))}</ol>
  `;
}

function drawnJob(
  { at, user, sql, error, milliseconds, bytesBilled }: ShownJob,
  edit: (sql: string) => void,
) {
  const took =
    milliseconds === undefined ? t({ en: 'running', es: 'en curso' }) : `${number(milliseconds)} ms`;
  return html`<li class=${error === undefined ? '' : 'bad'}><details>
    <summary><time>${time(at)}</time> <b>${user.split('@')[0]}</b> ${bytes(bytesBilled)} ${t({ en: 'billed', es: 'facturados' })}, ${took}
      <code>${summaryOf(sql)}</code></summary>
    ${error === undefined ? nothing : html`<p class="bad" lang="en">${error}</p>`}
    <pre tabindex="0">${sql}</pre>
    <button type="button" @click=${() => edit(sql)}>${t({ en: 'Edit this query', es: 'Editar esta consulta' })}</button>
  </details></li>`;
}

/** The beginning of a query, in one line. */
function summaryOf(sql: string): string {
  const line = sql.replaceAll(/\s+/g, ' ').trim();
  return line.length > MAX_SUMMARY ? `${line.slice(0, MAX_SUMMARY).toWellFormed()}…` : line;
}
