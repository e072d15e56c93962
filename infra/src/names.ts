/** A name that Google gives or takes, and its rule in words, after "must be". */
export interface NameRule {
  readonly pattern: RegExp;
  readonly rule: string;
}

/** https://docs.cloud.google.com/resource-manager/docs/creating-managing-projects */
export const PROJECT_ID: NameRule = {
  pattern: /^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
  rule: 'the id of a Google Cloud project: 6 to 30 lower-case letters, digits and hyphens',
};
export const REGION: NameRule = {
  pattern: /^[a-z]+-[a-z]+\d+$/,
  rule: 'a region such as southamerica-west1',
};
