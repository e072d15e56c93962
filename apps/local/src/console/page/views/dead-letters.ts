import { html, nothing, type TemplateResult } from 'lit-html';
import type { ActionResult, DeadLetterAction, DeadLetterList, ShownGroup } from '../../dead-letters-state.ts';
import type { Text } from '../../text.ts';
import { call } from '../call.ts';
import { counted, number, t, time } from '../text.ts';
import type { Page, View } from '../view.ts';
import { Work } from '../work.ts';

/** Between two looks while the list lacks some: another reader holds them, perhaps one that is gone. */
const AGAIN_MS = 2_000;

/** An action whose dry run is done. */
interface Planned {
  readonly action: DeadLetterAction;
  readonly group: string;
  readonly result: ActionResult;
}

interface Words {
  readonly button: Text;
  readonly would: Text;
  readonly did: Text;
}

const WORDS: Readonly<Record<DeadLetterAction, Words>> = {
  replay: {
    button: { en: 'Replay', es: 'Reenviar' },
    would: { en: 'would be published again, then removed', es: 'para publicar de nuevo y quitar' },
    did: { en: 'published again and removed', es: 'publicados de nuevo y quitados' },
  },
  discard: {
    button: { en: 'Discard', es: 'Descartar' },
    would: { en: 'would be removed for good', es: 'para quitar para siempre' },
    did: { en: 'removed for good', es: 'quitados para siempre' },
  },
};

export function open({ redraw, state }: Page): View {
  let list: DeadLetterList | undefined;
  /** Dead letters that waited when the list was asked for. */
  let listed = 0;
  let listedAt = 0;
  let planned: Planned | undefined;
  let done: Omit<Planned, 'group'> | undefined;
  const work = new Work(redraw);

  const waiting = () => state()?.deadLetters.waiting ?? 0;
  const load = async () => {
    listed = waiting();
    list = await call<DeadLetterList>('GET', 'dead-letters/list');
    listedAt = performance.now();
  };
  const isOld = () => {
    if (waiting() !== listed) return true;
    const lacksSome = list !== undefined && list.lookedAt < Math.min(listed, list.limit);
    return lacksSome && performance.now() > listedAt + AGAIN_MS;
  };
  const act = async (action: DeadLetterAction, group: string, dryRun: boolean) => {
    const result = await call<ActionResult>('POST', 'dead-letters/act', { action, group, dryRun });
    planned = dryRun ? { action, group, result } : undefined;
    done = dryRun ? undefined : { action, result };
    if (!dryRun) await load();
  };
  const buttons: Buttons = {
    plan: (action, group) => work.do(() => act(action, group, true)),
    confirm: ({ action, group }) => work.do(() => act(action, group, false)),
    cancel() {
      planned = undefined;
      redraw();
    },
  };
  work.do(load);

  return {
    render() {
      // Nothing moves below the cursor while a person decides.
      if (isOld() && !work.isRunning && !planned) work.do(load);
      return html`
        ${work.problem()}
        <div role="status">${done && html`<p>${saidOf(done, 'did')}</p>`}</div>
        ${list && drawn(list, planned, buttons)}
      `;
    },
  };
}

interface Buttons {
  plan(action: DeadLetterAction, group: string): void;
  confirm(planned: Planned): void;
  cancel(): void;
}

function drawn(
  { groups, otherGroups, otherDeadLetters, lookedAt, limit }: DeadLetterList,
  planned: Planned | undefined,
  buttons: Buttons,
): TemplateResult {
  if (groups.length === 0)
    return html`<p>${t({ en: 'There are no dead letters: the table has taken every message.', es: 'No hay mensajes no entregables: la tabla recibió todos los mensajes.' })}</p>`;
  return html`
    <p>${counted(lookedAt, { en: 'dead letter, by reason', es: 'mensaje no entregable, por razón' }, { en: 'dead letters, by reason', es: 'mensajes no entregables, por razón' })}${lookedAt === limit ? t({ en: ' (more are not looked at)', es: ' (no se miran más)' }) : ''}</p>
    ${groups.map((group) => drawnGroup(group, planned, buttons))}
    ${
      otherGroups === 0
        ? nothing
        : html`<p>${counted(otherGroups, { en: 'other reason', es: 'otra razón' }, { en: 'other reasons', es: 'otras razones' })}: ${counted(otherDeadLetters, { en: 'dead letter', es: 'mensaje no entregable' }, { en: 'dead letters', es: 'mensajes no entregables' })}</p>`
    }
  `;
}

function drawnGroup(
  { key, source, reason, count, first, last, samples }: ShownGroup,
  planned: Planned | undefined,
  buttons: Buttons,
): TemplateResult {
  return html`
    <section class="box group">
      <h2>${number(count)} × ${reason === undefined ? t({ en: 'no reason given', es: 'sin razón' }) : html`<span lang="en">${reason}</span>`}</h2>
      <p class="detail">${source ?? '?'} · ${time(Date.parse(first))} – ${time(Date.parse(last))}</p>
      ${
        planned?.group === key
          ? html`
            <div role="alert"><p>${saidOf(planned, 'would')}</p></div>
            <p class="buttons">
              <button type="button" class="main" @click=${() => buttons.confirm(planned)}>${t(WORDS[planned.action].button)} (${number(planned.result.done)})</button>
              <button type="button" @click=${buttons.cancel}>${t({ en: 'Cancel', es: 'Cancelar' })}</button>
            </p>`
          : html`<p class="buttons">${(['replay', 'discard'] as const).map(
              (action) =>
                html`<button type="button" @click=${() => buttons.plan(action, key)}>${t(WORDS[action].button)}…</button>`,
            )}</p>`
      }
      <details>
        <summary>${t({ en: 'The first messages', es: 'Los primeros mensajes' })} (${samples.length})</summary>
        ${samples.map(
          ({ id, record, attempts, replays, payload }) => html`
            <p>${t({ en: 'dead letter', es: 'mensaje no entregable' })} <code>${id}</code> · ${t({ en: 'record', es: 'registro' })} <code>${record ?? '?'}</code> ·
              ${attempts ?? '?'} ${t({ en: 'attempts', es: 'intentos' })} · ${replays} ${t({ en: 'replays', es: 'reenvíos' })}</p>
            <pre tabindex="0">${payload}</pre>`,
        )}
      </details>
    </section>`;
}

function saidOf({ action, result }: Omit<Planned, 'group'>, tense: 'would' | 'did'): string {
  const { done, stopped, maxReplays, refused, refusal } = result;
  const parts = [`${number(done)} ${t(WORDS[action][tense])}`];
  if (stopped > 0)
    parts.push(
      `${number(stopped)} ${t({ en: `stay: they failed after ${maxReplays} replays`, es: `quedan: fallaron después de ${maxReplays} reenvíos` })}`,
    );
  if (refused > 0)
    parts.push(`${number(refused)} ${t({ en: 'stay, refused', es: 'quedan, rechazados' })}: ${refusal}`);
  return `${parts.join('; ')}.`;
}
