import { CloudError } from '../errors.ts';
import { checkFields, checkLabels, isSet, secondsIn } from './fields.ts';
import { TOPIC_RETENTION_SECONDS } from './limits.ts';
import { checkName } from './names.ts';
import { durationOf, type MessageStoragePolicy, type SchemaSettings, type Topic } from './resources.ts';
import { maskOf } from './update-mask.ts';

/** A checked topic without defaults, as it is stored. */
export interface TopicConfig {
  readonly name: string;
  readonly labels?: Record<string, string> | undefined;
  readonly messageStoragePolicy?: MessageStoragePolicy | undefined;
  readonly schemaSettings?: StoredSchemaSettings | undefined;
  readonly messageRetentionDuration?: Topic['messageRetentionDuration'];
}

export interface StoredSchemaSettings extends SchemaSettings {
  readonly schema: string;
  readonly encoding: 'JSON' | 'BINARY';
}

const FIELDS = {
  message: 'Topic',
  supported: ['name', 'labels', 'messageStoragePolicy', 'schemaSettings', 'messageRetentionDuration'],
  outputOnly: ['state', 'satisfiesPzs'],
  notEmulated: {
    kmsKeyName: 'Cloud KMS is not emulated',
    ingestionDataSourceSettings: 'there is no source to import from',
    messageTransforms: 'message transforms (SMTs) are not run',
    tags: 'Resource Manager is not emulated',
  },
};

export const TOPIC_MASK = maskOf(FIELDS, ['name']);

/** Makes the checks that need no other resource. Throws INVALID_ARGUMENT, UNIMPLEMENTED. */
export function checkTopic(topic: Topic): TopicConfig {
  checkFields(topic, FIELDS);
  const retention = secondsIn(
    'message_retention_duration',
    topic.messageRetentionDuration,
    TOPIC_RETENTION_SECONDS,
  );
  return {
    name: checkName('topics', topic.name),
    labels: checkLabels(topic.labels),
    // Every message is stored on this machine: the policy applies to the tables of BigQuery subscriptions only.
    messageStoragePolicy: isSet(topic.messageStoragePolicy)
      ? (topic.messageStoragePolicy ?? undefined)
      : undefined,
    schemaSettings: checkSchemaSettings(topic.schemaSettings),
    messageRetentionDuration: retention === undefined ? undefined : durationOf(retention),
  };
}

function checkSchemaSettings(settings: SchemaSettings | null | undefined): StoredSchemaSettings | undefined {
  if (!isSet(settings) || !settings) return undefined;
  checkFields(settings, {
    message: 'SchemaSettings',
    supported: ['schema', 'encoding', 'firstRevisionId', 'lastRevisionId'],
  });
  const encoding = settings.encoding;
  if (encoding !== 'JSON' && encoding !== 'BINARY') {
    throw new CloudError(
      'INVALID_ARGUMENT',
      `Invalid schema_settings.encoding: ${encoding ?? 'ENCODING_UNSPECIFIED'}. It must be JSON or BINARY.`,
    );
  }
  return {
    schema: checkName('schemas', settings.schema),
    encoding,
    ...(settings.firstRevisionId && { firstRevisionId: settings.firstRevisionId }),
    ...(settings.lastRevisionId && { lastRevisionId: settings.lastRevisionId }),
  };
}
