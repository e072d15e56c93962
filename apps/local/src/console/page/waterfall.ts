import { html, nothing, svg, type TemplateResult } from 'lit-html';
import type { ShownSpan, ShownTrace } from '../trace-state.ts';
import { counted, number, t, time } from './text.ts';

const WIDTH = 1_000;
const HEIGHT = 8;
/** A span below this share of the trace still shows, in parts of the width. */
const LEAST = 4;
/** Steps by which a span is moved in, at most: a phone is narrow. */
const MAX_DEPTH = 5;

/** One trace in a list, opened when `isOpen`. */
export function drawnTrace(trace: ShownTrace, isOpen: boolean): TemplateResult {
  const { spans } = trace;
  const root = rootOf(spans);
  if (!root) return html`<li></li>`;
  const { began, ended } = boundsOf(spans);
  const status = root.attributes['http.response.status_code'];
  return html`<li class=${root.hasFailed ? 'bad' : ''}><details ?open=${isOpen}>
    <summary><time>${time(began)}</time> <b>${root.service}</b> ${root.name} ${status ?? nothing} ·
      ${number(ended - began)} ms · ${counted(spans.length, { en: 'span', es: 'etapa' }, { en: 'spans', es: 'etapas' })}</summary>
    ${waterfall(trace)}
  </details></li>`;
}

/** Each span below the one that asked for it, with a bar over the time of the whole trace. */
export function waterfall({ spans, dropped }: ShownTrace): TemplateResult {
  const bounds = boundsOf(spans);
  return html`
    <ol class="waterfall">${inOrder(spans).map(([span, depth]) => drawnSpan(span, depth, bounds))}</ol>
    ${dropped === 0 ? nothing : html`<p>${number(dropped)} ${t({ en: 'more spans are not kept', es: 'etapas más no se guardan' })}</p>`}
  `;
}

interface Bounds {
  readonly began: number;
  readonly ended: number;
}

function drawnSpan(span: ShownSpan, depth: number, { began, ended }: Bounds) {
  const scale = WIDTH / Math.max(0.001, ended - began);
  const width = Math.max(LEAST, (span.ended - span.began) * scale);
  const x = Math.min(WIDTH - width, (span.began - began) * scale);
  const facts = Object.entries(span.attributes).map(([key, value]) => `${key} ${value}`);
  return html`<li class=${span.hasFailed ? 'bad' : ''}>
    <p data-depth=${Math.min(depth, MAX_DEPTH)}><b>${span.service}</b> ${span.name}
      <span class="ms">${number(span.ended - span.began)} ms</span>
      <span class="detail">${t({ en: 'after', es: 'después de' })} ${number(span.began - began)} ms${facts.length === 0 ? '' : ` · ${facts.join(' · ')}`}</span></p>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
      ${svg`<rect x=${x} y="0" width=${width} height=${HEIGHT}></rect>`}
    </svg>
  </li>`;
}

function rootOf(spans: readonly ShownSpan[]): ShownSpan | undefined {
  return inOrder(spans)[0]?.[0];
}

function boundsOf(spans: readonly ShownSpan[]): Bounds {
  return {
    began: Math.min(...spans.map(({ began }) => began)),
    ended: Math.max(...spans.map(({ ended }) => ended)),
  };
}

/** Spans with their depth, each once and after its parent. One whose parent is unknown stands at the edge. */
function inOrder(spans: readonly ShownSpan[]): (readonly [ShownSpan, number])[] {
  const ids = new Set(spans.map(({ id }) => id));
  const byParent = Map.groupBy(spans, ({ parentId }) => (ids.has(parentId) ? parentId : ''));
  const below = (parent: string, depth: number): (readonly [ShownSpan, number])[] => {
    const children = byParent.get(parent) ?? [];
    // An exporter that retries sends spans twice, and a span may name itself as its parent.
    byParent.delete(parent);
    return children.flatMap((span) => [[span, depth] as const, ...below(span.id, depth + 1)]);
  };
  return below('', 0);
}
