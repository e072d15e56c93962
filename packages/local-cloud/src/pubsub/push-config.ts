import { CloudError } from '../errors.ts';
import { checkFields, isSet } from './fields.ts';
import type { PushConfig } from './resources.ts';

/** A checked push configuration, as it is stored. */
export interface StoredPushConfig {
  readonly pushEndpoint: string;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

const FIELDS = {
  message: 'PushConfig',
  supported: ['pushEndpoint', 'attributes', 'pubsubWrapper', 'noWrapper'],
  notEmulated: {
    oidcToken: 'the local cloud issues no identity tokens',
  },
};

/** The format of a push request. https://docs.cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions#PushConfig */
const VERSION = 'x-goog-version';
const VERSIONS = ['v1', 'v1beta2'];

/** Undefined for a pull subscription. Throws INVALID_ARGUMENT, or UNIMPLEMENTED for an endpoint that is not on this machine. */
export function checkPushConfig(config: PushConfig | null | undefined): StoredPushConfig | undefined {
  if (!config) return undefined;
  // Its presence matters, even when it is empty.
  if (config.noWrapper) {
    throw new CloudError(
      'UNIMPLEMENTED',
      'PushConfig.noWrapper is not emulated: messages are wrapped in JSON.',
      {
        hint: 'leave noWrapper out',
      },
    );
  }
  if (!isSet(config)) return undefined;
  checkFields(config, FIELDS);
  const { pushEndpoint, attributes } = config;
  const endpoint = URL.parse(pushEndpoint ?? '');
  if (!endpoint || !/^https?:$/.test(endpoint.protocol)) {
    throw new CloudError('INVALID_ARGUMENT', `Invalid push_endpoint: "${pushEndpoint ?? ''}".`, {
      hint: 'expected a URL such as http://127.0.0.1:8080/push',
    });
  }
  if (!/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(endpoint.hostname)) {
    throw new CloudError(
      'UNIMPLEMENTED',
      `Subscription.pushConfig is not emulated for ${endpoint.host}: messages are pushed to this machine only.`,
      { hint: 'use an endpoint such as http://127.0.0.1:8080/push, or pull' },
    );
  }
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key === VERSION && VERSIONS.includes(value)) continue;
    throw new CloudError('INVALID_ARGUMENT', `Invalid push_config.attributes: "${key}": "${value}".`, {
      hint: `the only attribute is ${VERSION}: ${VERSIONS.join(' or ')}`,
    });
  }
  return { pushEndpoint: pushEndpoint ?? '', ...(isSet(attributes) && { attributes: attributes ?? {} }) };
}
