import type { JobMetadata } from '@google-cloud/bigquery';
import { pricesIn } from '@records/infra/prices';

const MIB = 2 ** 20;
const TIB = 2 ** 40;
/** The least for each table that is read. https://cloud.google.com/bigquery/pricing */
const LEAST_BYTES = 10 * MIB;

/** What a query bills, and what Google charges for it in its region. A dry run knows only what would be processed. */
export function billOf({ configuration, jobReference, statistics }: JobMetadata): string {
  const { totalBytesBilled, cacheHit, referencedTables = [] } = statistics?.query ?? {};
  const processed = Number(statistics?.totalBytesProcessed ?? 0);
  const least = processed === 0 ? 0 : LEAST_BYTES * Math.max(1, referencedTables.length);
  const billed = configuration?.dryRun ? Math.max(processed, least) : Number(totalBytesBilled ?? 0);
  const free = cacheHit ? ' (from the cache)' : '';
  if (billed === 0) return `nothing${free}`;
  const region = jobReference?.location ?? '';
  const { query } = pricesIn(region);
  return `${amount(billed)}: ${dollars((billed / TIB) * query.usd)} USD, at ${query.usd} USD per TiB in ${region}`;
}

/** `10 MiB`, `1.5 GiB` */
function amount(bytes: number): string {
  const units = ['MiB', 'GiB', 'TiB'];
  let value = bytes / MIB;
  while (value >= 1024 && units.length > 1) {
    value /= 1024;
    units.shift();
  }
  return `${value.toLocaleString('en-US', { maximumFractionDigits: 1 })} ${units[0]}`;
}

/** Two digits that count: a small query costs a thousandth of a cent. */
function dollars(usd: number): string {
  return usd.toLocaleString('en-US', { maximumSignificantDigits: 2, maximumFractionDigits: 20 });
}
