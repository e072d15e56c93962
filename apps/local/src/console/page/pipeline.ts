import { html, nothing, svg, type TemplateResult } from 'lit-html';
import type { Part, StackState } from '../stack-state.ts';
import type { Text } from '../text.ts';
import { counted, number, t } from './text.ts';

/** A line shows this many seconds. */
const LINE_SECONDS = 60;
const WIDTH = 120;
const HEIGHT = 28;

const DEAD_LETTERS = [
  { en: 'dead letter', es: 'mensaje no entregable' },
  { en: 'dead letters', es: 'mensajes no entregables' },
] as const;

interface Shown {
  readonly part: Part;
  readonly title: Text;
  readonly name: string;
  /** What it counts, per second. */
  readonly unit: Text;
  count(state: StackState): number | undefined;
  readonly facts: readonly (readonly [value: number | undefined, one: Text, many: Text])[];
}

/** The last minute of the pipeline: states, oldest first. */
export class History {
  #states: StackState[] = [];

  add(state: StackState): void {
    this.#states = [...this.#states.filter(({ at }) => at > state.at - LINE_SECONDS * 1_000), state];
  }

  get last(): StackState | undefined {
    return this.#states.at(-1);
  }

  /** Per second, between each two states. A counter that starts again counts from 0; undefined where nothing was counted. */
  rates(count: Shown['count']): (number | undefined)[] {
    return this.#states.slice(1).map((state, index) => {
      const before = this.#states[index] ?? state;
      const [now, earlier] = [count(state), count(before)];
      if (now === undefined || earlier === undefined) return undefined;
      const seconds = Math.max(0.001, (state.at - before.at) / 1_000);
      return (now < earlier ? now : now - earlier) / seconds;
    });
  }
}

/** Topic → subscription → table → API: rates, what waits or was refused, and a minute's line. `address` is that of a view. */
export function pipeline(history: History, address: (view: string) => string): TemplateResult {
  const state = history.last;
  if (!state)
    return html`<p>${t({ en: 'Waiting for the first numbers…', es: 'Esperando los primeros números…' })}</p>`;
  return html`
    <ol class="pipeline" aria-label=${t({ en: 'Pipeline', es: 'Flujo' })}>
      ${partsOf(state).map((part) => drawn(part, history, state))}
    </ol>
    <div class="troubles" role="status">
      ${state.troubles.map(
        ({ sentence, detail, todo, view }) =>
          html`<p class="trouble"><span>${t(sentence)}${detail === undefined ? nothing : html`\n<span lang="en">${detail}</span>`}</span>${todo === undefined ? nothing : html` <code>${t(todo)}</code>`}${view === undefined ? nothing : html` <a href=${address(view.name)}>${t(view.text)}</a>`}</p>`,
      )}
    </div>
  `;
}

function drawn({ part, title, name, unit, count, facts }: Shown, history: History, state: StackState) {
  const rates = history.rates(count);
  // Two readings a second: the last second.
  const lately = rates.slice(-2);
  const known = lately.filter((value) => value !== undefined);
  const rate =
    lately.at(-1) === undefined ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
  const bad = state.troubles.some((trouble) => trouble.part === part);
  const most = Math.max(0, ...rates.map((value = 0) => value));
  const highest = Math.max(1, most);
  const label = `${t(title)}: ${t({ en: 'the last minute, at most', es: 'el último minuto, como máximo' })} ${number(most)} ${t(unit)}`;
  const points = rates.map(
    (value = 0, index) =>
      `${((index / Math.max(1, rates.length - 1)) * WIDTH).toFixed(1)},${(HEIGHT - 1 - (value / highest) * (HEIGHT - 2)).toFixed(1)}`,
  );
  return html`
    <li class=${bad ? 'bad' : ''}>
      <h2>${t(title)}${bad ? html` <span class="mark">${t({ en: 'in trouble', es: 'con problemas' })}</span>` : nothing}</h2>
      <p class="name" title=${name}>${name.slice(name.lastIndexOf('/') + 1)}</p>
      <p class="rate"><strong>${rate === undefined ? '–' : number(rate)}</strong> ${t(unit)}</p>
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${label}>
        ${svg`<polyline points=${points.join(' ')}></polyline>`}
      </svg>
      <ul>${facts.map(([value, one, many]) => html`<li>${value === undefined ? `– ${t(many)}` : counted(value, one, many)}</li>`)}</ul>
    </li>
  `;
}

function partsOf({ topic, subscription, deadLetters, table, api }: StackState): Shown[] {
  const messages = { en: 'messages/s', es: 'mensajes/s' };
  return [
    {
      part: 'topic',
      title: { en: 'Topic', es: 'Tema' },
      name: topic.name,
      unit: messages,
      count: (state) => state.topic.published,
      facts: [
        [
          topic.refused,
          { en: 'request refused', es: 'solicitud rechazada' },
          { en: 'requests refused', es: 'solicitudes rechazadas' },
        ],
      ],
    },
    {
      part: 'subscription',
      title: { en: 'Subscription', es: 'Suscripción' },
      name: subscription.name ?? '–',
      unit: messages,
      count: (state) => state.subscription.delivered,
      facts: [
        [
          subscription.waiting,
          { en: 'message waiting', es: 'mensaje en espera' },
          { en: 'messages waiting', es: 'mensajes en espera' },
        ],
        [deadLetters.waiting, ...DEAD_LETTERS],
      ],
    },
    {
      part: 'table',
      title: { en: 'Table', es: 'Tabla' },
      name: table.name,
      unit: { en: 'rows/s', es: 'filas/s' },
      count: (state) => state.table.rows,
      facts: [
        [
          table.rows,
          { en: 'row, copies included', es: 'fila, con copias' },
          { en: 'rows, copies included', es: 'filas, con copias' },
        ],
      ],
    },
    {
      part: 'api',
      title: { en: 'API', es: 'API' },
      name: api.url.replace('http://', ''),
      unit: { en: 'requests/s', es: 'solicitudes/s' },
      count: (state) => state.api.answered?.requests,
      facts: [
        [
          api.answered?.refused,
          { en: 'refused (4xx)', es: 'rechazada (4xx)' },
          { en: 'refused (4xx)', es: 'rechazadas (4xx)' },
        ],
        [
          api.answered?.failed,
          { en: 'failed (5xx)', es: 'fallida (5xx)' },
          { en: 'failed (5xx)', es: 'fallidas (5xx)' },
        ],
      ],
    },
  ];
}
