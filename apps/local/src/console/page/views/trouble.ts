import { html, nothing, type TemplateResult } from 'lit-html';
import type { Text } from '../../text.ts';
import type {
  Fault,
  Faults,
  ProbeResult,
  ResetResult,
  SeedSummary,
  TroubleForm,
} from '../../trouble-state.ts';
import { call } from '../call.ts';
import { number, t } from '../text.ts';
import type { Page, View } from '../view.ts';
import { Work } from '../work.ts';

const EFFECTS: readonly (readonly [Fault, Text])[] = [
  ['redeliver', { en: 'Lose acknowledgements', es: 'Perder confirmaciones' }],
  ['reorder', { en: 'Deliver in another order', es: 'Entregar en otro orden' }],
  ['delay', { en: 'Deliver up to 5 s late', es: 'Entregar hasta 5 s tarde' }],
  ['failWrites', { en: 'Fail writes to the table', es: 'Hacer fallar escrituras en la tabla' }],
  ['slowWrites', { en: 'Slow writes by up to 1 s', es: 'Demorar escrituras hasta 1 s' }],
];

const NO_FAULTS: Faults = { redeliver: 0, reorder: 0, delay: 0, failWrites: 0, slowWrites: 0 };

/** Records of a first seed. */
const SEED = 1_000;

export function open({ redraw, state }: Page): View {
  let form: TroubleForm | undefined;
  let count = SEED;
  let said: TemplateResult | undefined;
  let isResetting = false;
  const work = new Work(redraw);

  const run = (start: Text, task: () => Promise<TemplateResult>) =>
    work.do(async () => {
      said = html`<p>${t(start)}</p>`;
      redraw();
      try {
        said = await task();
      } catch (error) {
        said = undefined;
        throw error;
      }
    });
  const setFaults = (faults: Partial<Faults>) =>
    work.do(async () => {
      const set = await call<Faults>('POST', 'trouble/faults', faults);
      form = form && { ...form, faults: set };
    });
  const kill = () =>
    run(KILLING, async () => {
      await call('POST', 'trouble/kill');
      return html`<p>${t({ en: 'The API was killed. Cloud Run starts it again.', es: 'Se mató la API. Cloud Run la inicia de nuevo.' })}</p>`;
    });
  const probe = () => run(PROBING, async () => probed(await call<ProbeResult>('POST', 'trouble/probe')));
  const seed = () =>
    run(SEEDING, async () => seeded(await call<SeedSummary>('POST', 'trouble/seed', { count })));
  const reset = () => {
    isResetting = false;
    run(RESETTING, async () => {
      const { rows } = await call<ResetResult>('POST', 'trouble/reset');
      return html`<p>${number(rows)} ${t({ en: 'rows removed, and every waiting message and dead letter. The API serves its old list for a moment more.', es: 'filas eliminadas, y todos los mensajes en espera y no entregables. La API sirve su lista anterior un momento más.' })}</p>`;
    });
  };
  const ask = (is: boolean) => {
    isResetting = is;
    redraw();
  };
  work.do(async () => {
    form = await call<TroubleForm>('GET', 'trouble/form');
  });

  return {
    render: () => html`
      ${work.problem()}
      <div class="said" role="status">${said ?? nothing}</div>
      <h2>${t({ en: 'Try', es: 'Probar' })}</h2>
      <p class="buttons">
        <button type="button" @click=${kill}>${t({ en: 'Kill the API', es: 'Matar la API' })}</button>
        <button type="button" @click=${probe}>${t({ en: 'Run the probe', es: 'Ejecutar la sonda' })}</button>
      </p>
      <form class="buttons" @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        seed();
      }}>
        <label>${t({ en: 'Records', es: 'Registros' })}
          <input type="number" min="1" max=${form?.maxSeed ?? SEED} required .value=${String(count)}
            @input=${({ target }: InputEvent) => {
              count = (target as HTMLInputElement).valueAsNumber;
            }}>
        </label>
        <button>${t({ en: 'Publish made-up people', es: 'Publicar personas inventadas' })}</button>
      </form>
      <h2>${t({ en: "Faults in Pub/Sub's delivery", es: 'Fallas en la entrega de Pub/Sub' })}</h2>
      <p>${t({ en: 'Pub/Sub may do all of this at Google. No record is lost.', es: 'Todo esto le puede pasar a Pub/Sub en Google. Ningún registro se pierde.' })}</p>
      ${form && sliders(form.faults, setFaults)}
      <h2>${t({ en: 'Start again', es: 'Empezar de nuevo' })}</h2>
      ${isResetting ? asked(state(), reset, () => ask(false)) : html`<p><button type="button" @click=${() => ask(true)}>${t({ en: 'Reset…', es: 'Reiniciar…' })}</button></p>`}
    `,
  };
}

const KILLING = { en: 'Killing the API…', es: 'Matando la API…' };
const PROBING = {
  en: 'The probe publishes a record and waits until it can be read…',
  es: 'La sonda publica un registro y espera hasta poder leerlo…',
};
const SEEDING = {
  en: 'Publishing, and waiting until every record is visible…',
  es: 'Publicando, y esperando hasta que todos los registros sean visibles…',
};
const RESETTING = { en: 'Resetting…', es: 'Reiniciando…' };

function sliders(faults: Faults, set: (faults: Partial<Faults>) => void) {
  return html`
    <div class="fields">${EFFECTS.map(
      ([fault, text]) => html`
        <label>${t(text)}: <output>${number(faults[fault] * 100)} %</output>
          <input type="range" name=${fault} min="0" max="100" .value=${String(faults[fault] * 100)}
            @change=${({ target }: Event) => set({ [fault]: (target as HTMLInputElement).valueAsNumber / 100 })}>
        </label>`,
    )}</div>
    <p><button type="button" @click=${() => set(NO_FAULTS)}>${t({ en: 'No faults', es: 'Sin fallas' })}</button></p>
  `;
}

function asked(state: ReturnType<Page['state']>, reset: () => void, cancel: () => void) {
  const rows = number(state?.table.rows ?? 0);
  const waiting = number(state?.subscription.waiting ?? 0);
  const dead = number(state?.deadLetters.waiting ?? 0);
  return html`
    <div role="alert"><p>${t({
      en: `This removes ${rows} rows, ${waiting} waiting messages and ${dead} dead letters of this machine for good.`,
      es: `Esto elimina para siempre ${rows} filas, ${waiting} mensajes en espera y ${dead} mensajes no entregables de esta máquina.`,
    })}</p></div>
    <p class="buttons">
      <button type="button" class="main" @click=${reset}>${t({ en: 'Remove them', es: 'Eliminarlos' })}</button>
      <button type="button" @click=${cancel}>${t({ en: 'Cancel', es: 'Cancelar' })}</button>
    </p>`;
}

function probed({ succeeded, how, lines }: ProbeResult) {
  const text = succeeded
    ? { en: 'The probe passed', es: 'La sonda pasó' }
    : { en: 'The probe failed', es: 'La sonda falló' };
  return html`<p class=${succeeded ? '' : 'bad'}>${t(text)} (<span lang="en">${how}</span>).</p><pre tabindex="0" lang="en">${lines.join('\n')}</pre>`;
}

function seeded({ accepted, refused, visibleSeconds, problems }: SeedSummary) {
  const visible =
    visibleSeconds === undefined
      ? t({ en: 'not all visible', es: 'no todos visibles' })
      : `${t({ en: 'visible after', es: 'visibles después de' })} ${number(visibleSeconds)} s`;
  return html`
    <p>${number(accepted)} ${t({ en: 'records accepted', es: 'registros aceptados' })}, ${number(refused)} ${t({ en: 'refused', es: 'rechazados' })}; ${visible}.</p>
    ${problems.map((problem) => html`<p class="bad" lang="en">${problem}</p>`)}`;
}
