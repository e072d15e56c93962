import type { TableReference } from '../warehouse.ts';
import type { ServiceContext } from './datasets.ts';
import { datasetNotFound, invalid } from './errors.ts';

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

/** Where a job runs that writes to a table. Throws NOT_FOUND when the caller names another location. */
export function placeOf(
  { catalog, location }: ServiceContext,
  { projectId, datasetId }: TableReference,
  wanted: string | undefined,
): string {
  const place = catalog.findDataset(datasetId)?.location;
  if (wanted && place && wanted.toLowerCase() !== place.toLowerCase()) {
    throw datasetNotFound(projectId, datasetId, wanted);
  }
  return place ?? (wanted ? checkedLocation(wanted) : location);
}
