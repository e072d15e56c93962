import { html, nothing } from 'lit-html';
import type { Follow, FollowForm, FollowStep, Variant } from '../../follow-state.ts';
import type { Text } from '../../text.ts';
import { call } from '../call.ts';
import { language, number, t } from '../text.ts';
import type { Page, View } from '../view.ts';
import { Work } from '../work.ts';

const BUTTONS: readonly (readonly [Variant, Text])[] = [
  ['whole', { en: 'Publish', es: 'Publicar' }],
  ['without', { en: 'Without apellido', es: 'Sin apellido' }],
  ['extra', { en: 'Extra field', es: 'Campo de más' }],
  ['twice', { en: 'Twice', es: 'Dos veces' }],
  ['conflicting', { en: 'Conflicting', es: 'En conflicto' }],
];

const STEPS: Readonly<Record<FollowStep['step'], Text>> = {
  accepted: { en: 'accepted by the topic', es: 'aceptado por el tema' },
  refused: { en: 'refused', es: 'rechazado' },
  unanswered: { en: 'Pub/Sub does not answer', es: 'Pub/Sub no responde' },
  delivered: { en: 'delivered', es: 'entregado' },
  failed: { en: 'refused by the table', es: 'rechazado por la tabla' },
  stored: { en: 'row stored', es: 'fila guardada' },
  asked: { en: 'asked the API for it', es: 'pedido a la API' },
  served: { en: 'served by the API', es: 'servido por la API' },
  'dead-lettered': { en: 'dead letter', es: 'mensaje no entregable' },
};

const BAD: ReadonlySet<FollowStep['step']> = new Set(['refused', 'unanswered', 'failed', 'dead-lettered']);

export function open({ redraw }: Page): View {
  let form: FollowForm | undefined;
  let person: Record<string, string> = {};
  let follows: readonly Follow[] = [];
  const work = new Work(redraw);

  const newPerson = () =>
    work.do(async () => {
      form = await call<FollowForm>('GET', 'follow/form');
      person = { ...form.person };
    });
  const publish = (variant: Variant) =>
    work.do(() => call('POST', 'follow/publish', { record: person, variant }));
  newPerson();

  return {
    receive(value: readonly Follow[]) {
      follows = value;
    },
    render: () => html`
      <form @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        publish('whole');
      }}>
        <div class="fields">${form?.fields.map(
          ({ name, description, maxLength }) => html`
            <label>${name}
              <input name=${name} .value=${person[name] ?? ''} maxlength=${maxLength} title=${language === 'en' ? description : nothing} autocomplete="off"
                @input=${(event: InputEvent) => {
                  person[name] = (event.target as HTMLInputElement).value;
                }}>
            </label>`,
        )}</div>
        <p class="buttons">
          ${BUTTONS.map(([variant, text], index) =>
            index === 0
              ? html`<button class="main">${t(text)}</button>`
              : html`<button type="button" @click=${() => publish(variant)}>${t(text)}</button>`,
          )}
          <button type="button" @click=${newPerson}>${t({ en: 'New person', es: 'Otra persona' })}</button>
        </p>
      </form>
      ${work.problem()}
      <div aria-live="polite">${follows.map(drawn)}</div>
    `,
  };
}

function drawn({ id, variant, steps, over }: Follow) {
  const label = BUTTONS.find(([known]) => known === variant)?.[1];
  return html`
    <section class="box follow">
      <h2><code>${id}</code> ${label && variant !== 'whole' ? t(label) : nothing}</h2>
      <ol class="timeline">${steps.map(
        ({ step, ms, detail, attempt }) => html`
          <li class=${BAD.has(step) ? 'bad' : ''}>
            <span class="ms" title=${t({ en: 'milliseconds since Publish', es: 'milisegundos desde Publicar' })}>${number(ms)} ms</span>
            <strong>${t(STEPS[step])}${attempt === undefined ? nothing : ` (${t({ en: 'attempt', es: 'intento' })} ${attempt})`}</strong>
            <span class="detail" lang="en">${detail}</span>
          </li>`,
      )}</ol>
      ${over ? nothing : html`<p>${t({ en: 'Following…', es: 'Siguiendo…' })}</p>`}
    </section>`;
}
