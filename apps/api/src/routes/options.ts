import type { PageCache } from '../formats/page-cache.ts';
import type { Front } from '../front/front.ts';
import type { Readiness } from '../readiness.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';

export interface RoutesOptions {
  readonly warehouse: Warehouse;
  readonly pages: PageCache;
  readonly front: Front;
  readonly readiness: Readiness;
  /** Time to answer a request other than an export, all waits included. Milliseconds. */
  readonly answerMs: number;
}
