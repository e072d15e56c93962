import { invalid } from './errors.ts';

/** https://docs.cloud.google.com/bigquery/docs/locations */
const MULTI_REGION = /^(?:us|eu)$/i;
const REGION =
  /^(?:africa|asia|australia|europe|me|northamerica|southamerica|us)-(?:north|south|east|west|central|northeast|northwest|southeast|southwest)\d{1,2}$/i;

/** A location as Google writes it: `EU`, `southamerica-west1`. Throws INVALID_ARGUMENT for any other word. */
export function checkedLocation(location: string): string {
  if (MULTI_REGION.test(location)) return location.toUpperCase();
  if (REGION.test(location)) return location.toLowerCase();
  throw invalid(
    `Invalid value for location: ${location} is not a valid value. Use US, EU or a region such as southamerica-west1.`,
  );
}
