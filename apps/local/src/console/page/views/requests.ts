import { html, nothing } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { RequestsUpdate, RouteCount, ShownEvent } from '../../event-state.ts';
import type { ShownTrace, TracedRequest } from '../../trace-state.ts';
import { call } from '../call.ts';
import { number, t, time } from '../text.ts';
import type { Page, View } from '../view.ts';
import { drawnTrace, waterfall } from '../waterfall.ts';
import { Work } from '../work.ts';

/** Events that are kept on the page. */
const MAX_EVENTS = 200;
/** Events that are shown until a person asks for the others: a phone is small. */
const FIRST_EVENTS = 30;

export function open({ redraw }: Page): View {
  let events: readonly ShownEvent[] = [];
  let routes: readonly RouteCount[] | undefined = [];
  let traces: readonly ShownTrace[] = [];
  let endpoint = '';
  let path = '/records?limit=3';
  let asked: TracedRequest | undefined;
  let filter = '';
  let showsAll = false;
  const work = new Work(redraw);
  const trace = () =>
    work.do(async () => {
      asked = await call<TracedRequest>('POST', 'requests/trace', { path });
    });

  const matches = ({ source, severity, message, requestId = '' }: ShownEvent) =>
    `${source} ${severity} ${message} ${requestId}`.toLowerCase().includes(filter.toLowerCase());

  return {
    receive(update: RequestsUpdate) {
      events = [...events, ...update.events].slice(-MAX_EVENTS);
      routes = update.routes;
      traces = update.traces ?? traces;
      endpoint = update.tracesEndpoint;
    },
    render() {
      const found = events.filter(matches).toReversed();
      return html`
      <h2>${t({ en: 'Requests since the API started', es: 'Solicitudes desde que la API inició' })}</h2>
      ${
        routes === undefined
          ? html`<p>${t({ en: 'The API does not answer.', es: 'La API no responde.' })}</p>`
          : routes.length === 0
            ? html`<p>${t({ en: 'None yet.', es: 'Ninguna todavía.' })}</p>`
            : table(routes)
      }
      <h2>${t({ en: 'Traces', es: 'Trazas' })}</h2>
      <p>${t({
        en: 'The API makes spans of each request whose caller samples its trace, and sends them within two seconds. Other programs may send theirs:',
        es: 'La API mide las etapas de cada solicitud cuya traza pide quien llama, y las envía en dos segundos. Otros programas pueden enviar las suyas:',
      })} <code>OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}</code></p>
      <form class="buttons" @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        trace();
      }}>
        <label>${t({ en: 'Path of the API', es: 'Ruta de la API' })}
          <input name="path" .value=${path} required autocomplete="off" @input=${(event: InputEvent) => {
            path = (event.target as HTMLInputElement).value;
          }}>
        </label>
        <button class="main">${t({ en: 'Trace', es: 'Trazar' })}</button>
      </form>
      ${work.problem()}
      <div role="status">${asked && answered(asked, traces)}</div>
      <ol class="traces" reversed>${repeat(
        traces,
        ({ id }) => id,
        (one) => drawnTrace(one, one.id === asked?.traceId),
      )}</ol>
      <h2>${t({ en: 'Events', es: 'Eventos' })}</h2>
      <label class="filter">${t({ en: 'Show only', es: 'Mostrar solo' })}
        <input type="search" .value=${filter} @input=${(event: InputEvent) => {
          filter = (event.target as HTMLInputElement).value;
          redraw();
        }}>
      </label>
      <ol class="events" reversed>${repeat(
        showsAll ? found : found.slice(0, FIRST_EVENTS),
        (event) => event.number,
        (event) => drawn(event, traces),
      )}</ol>
      ${
        showsAll || found.length <= FIRST_EVENTS
          ? nothing
          : html`<p><button type="button" @click=${() => {
              showsAll = true;
              redraw();
            }}>${t({ en: 'Show all', es: 'Mostrar todos' })} ${number(found.length)}</button></p>`
      }
    `;
    },
  };
}

function table(routes: readonly RouteCount[]) {
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${t({ en: 'Requests by route', es: 'Solicitudes por ruta' })}>
      <table>
        <thead><tr>
          <th scope="col">${t({ en: 'Route', es: 'Ruta' })}</th>
          <th scope="col">${t({ en: 'Status', es: 'Estado' })}</th>
          <th scope="col">${t({ en: 'Requests', es: 'Solicitudes' })}</th>
          <th scope="col">${t({ en: 'Mean time (ms)', es: 'Tiempo medio (ms)' })}</th>
        </tr></thead>
        <tbody>${routes.map(
          ({ route, status, requests, seconds }) => html`<tr class=${status >= 500 ? 'bad' : ''}>
            <td>${route}</td><td>${status}</td><td>${number(requests)}</td>
            <td>${number((seconds / Math.max(1, requests)) * 1_000)}</td>
          </tr>`,
        )}</tbody>
      </table>
    </div>`;
}

function answered({ traceId, status, milliseconds }: TracedRequest, traces: readonly ShownTrace[]) {
  const isHere = traces.some(
    ({ id, spans }) => id === traceId && spans.some(({ service }) => service === 'records-api'),
  );
  const wait = isHere ? '' : t({ en: ' Its spans are on their way…', es: ' Sus etapas están en camino…' });
  return html`<p>${t({ en: 'Answered', es: 'Respondió' })} ${status}, ${number(milliseconds)} ms.${wait}</p>`;
}

function drawn(
  { at, source, severity, message, requestId, traceId, stack }: ShownEvent,
  traces: readonly ShownTrace[],
) {
  const trace = traces.find(({ id }) => id === traceId);
  const line = html`<time>${time(at)}</time> <b>${source}</b> ${severity} <span lang="en">${message}</span>`;
  const bad = severity === 'error' || severity === 'critical';
  if (stack === undefined && requestId === undefined) return html`<li class=${bad ? 'bad' : ''}>${line}</li>`;
  return html`<li class=${bad ? 'bad' : ''}><details>
    <summary>${line}</summary>
    ${requestId === undefined ? nothing : html`<p>${t({ en: 'Request', es: 'Solicitud' })} <code>${requestId}</code></p>`}
    ${stack === undefined ? nothing : html`<pre tabindex="0" lang="en">${stack}</pre>`}
    ${trace === undefined ? nothing : waterfall(trace)}
  </details></li>`;
}
