import { html, nothing } from 'lit-html';
import type { RequestsUpdate, RouteCount, ShownEvent } from '../../event-state.ts';
import { number, t, time } from '../text.ts';
import type { Page, View } from '../view.ts';

/** Events that are kept on the page. */
const MAX_EVENTS = 200;

export function open({ redraw }: Page): View {
  let events: readonly ShownEvent[] = [];
  let routes: readonly RouteCount[] | undefined = [];
  let filter = '';

  const matches = ({ source, severity, message, requestId = '' }: ShownEvent) =>
    `${source} ${severity} ${message} ${requestId}`.toLowerCase().includes(filter.toLowerCase());

  return {
    receive(update: RequestsUpdate) {
      events = [...events, ...update.events].slice(-MAX_EVENTS);
      routes = update.routes;
    },
    render: () => html`
      <h2>${t({ en: 'Requests since the API started', es: 'Solicitudes desde que la API inició' })}</h2>
      ${
        routes === undefined
          ? html`<p>${t({ en: 'The API does not answer.', es: 'La API no responde.' })}</p>`
          : routes.length === 0
            ? html`<p>${t({ en: 'None yet.', es: 'Ninguna todavía.' })}</p>`
            : table(routes)
      }
      <h2>${t({ en: 'Events', es: 'Eventos' })}</h2>
      <label class="filter">${t({ en: 'Show only', es: 'Mostrar solo' })}
        <input type="search" .value=${filter} @input=${(event: InputEvent) => {
          filter = (event.target as HTMLInputElement).value;
          redraw();
        }}>
      </label>
      <ol class="events" reversed>${events.filter(matches).toReversed().map(drawn)}</ol>
    `,
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

function drawn({ at, source, severity, message, requestId, stack }: ShownEvent) {
  const line = html`<time>${time(at)}</time> <b>${source}</b> ${severity} <span>${message}</span>`;
  const bad = severity === 'error' || severity === 'critical';
  if (stack === undefined && requestId === undefined) return html`<li class=${bad ? 'bad' : ''}>${line}</li>`;
  return html`<li class=${bad ? 'bad' : ''}><details>
    <summary>${line}</summary>
    ${requestId === undefined ? nothing : html`<p>${t({ en: 'Request', es: 'Solicitud' })} <code>${requestId}</code></p>`}
    ${stack === undefined ? nothing : html`<pre tabindex="0">${stack}</pre>`}
  </details></li>`;
}
