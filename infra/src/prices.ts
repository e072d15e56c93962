import * as pulumi from '@pulumi/pulumi';

/**
 * USD per TiB that on-demand queries scan, by region. https://cloud.google.com/bigquery/pricing
 * São Paulo is the dearest region that Google lists.
 */
const QUERY_USD_PER_TIB: Readonly<Record<string, number>> = {
  eu: 6.25,
  us: 6.25,
  'us-central1': 6.25,
  'southamerica-east1': 11.25,
  'southamerica-west1': 8.9375,
};

const GIB_PER_TIB = 1024;

/** What a budget in USD buys, in whole GiB and at least one. `price`: USD per TiB. */
export function gibFor(usd: number, price: number): number {
  return Math.max(1, Math.floor((usd / price) * GIB_PER_TIB));
}

/** USD per TiB that queries scan. An unlisted region counts as the dearest one, and a warning says so. */
export function queryPriceIn(region: string): number {
  const price = QUERY_USD_PER_TIB[region.toLowerCase()];
  if (price !== undefined) return price;
  const dearest = Math.max(...Object.values(QUERY_USD_PER_TIB));
  void pulumi.log.warn(
    `infra/src/prices.ts has no price of queries in ${region}. Budgets of queries count with ${dearest} USD per TiB, the dearest known: add the region's price.`,
  );
  return dearest;
}
