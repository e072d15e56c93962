import { MEMBER as MEMBER_PATTERN } from '../../iam.ts';
import {
  atLeast,
  atLeastOne,
  atMostOne,
  between,
  type Constraints,
  exactlyOne,
  items,
  matching,
  needs,
  oneOf,
  such,
  under,
} from '../constraint.ts';

// Rules that several types share.
const NAME = matching(
  /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/,
  '1 to 63 lower-case letters, digits and dashes that start with a letter',
);
const ID = matching(/^[a-zA-Z0-9\-_:.]+$/, 'letters, digits and the signs - _ : .');
const POOL_ID = matching(
  /^(?!gcp-)[a-z0-9-]{4,32}$/,
  '4 to 32 lower-case letters, digits and dashes that do not start with "gcp-"',
);
const SECONDS = matching(/^\d+(\.\d{1,9})?s$/, 'a duration in seconds such as "600s"');
const BASE64 = matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'text in base64');
const CIDR = matching(
  /^(\d{1,3}(\.\d{1,3}){3}\/([0-9]|[12]\d|3[0-2])|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\/(\d{1,2}|1[01]\d|12[0-8]))$/,
  'a range of addresses such as "10.0.0.0/8"',
);
const JSON_TEXT = such('JSON', isJson);
const MEMBER = matching(
  new RegExp(MEMBER_PATTERN),
  'an IAM member such as "serviceAccount:NAME@PROJECT.iam.gserviceaccount.com"',
);
const HEADERS = such(
  'headers that Cloud Scheduler does not set itself (Content-Length, X-Google-*, X-AppEngine-*)',
  (value) =>
    Object.keys(value as object).every((name) => !/^(content-length$|x-google-|x-appengine-)/i.test(name)),
);
const TRUE = such('true', (value) => value === true);

const CACHE_MODE = oneOf('USE_ORIGIN_HEADERS FORCE_CACHE_ALL CACHE_ALL_STATIC');
const COMPARISON = oneOf(
  'COMPARISON_GT COMPARISON_GE COMPARISON_LT COMPARISON_LE COMPARISON_EQ COMPARISON_NE',
);
const EGRESS = oneOf('ALL_TRAFFIC PRIVATE_RANGES_ONLY');
const ENFORCEMENT = { restrictionMode: oneOf('NotRestricted FullyRestricted') };
const ENVIRONMENT = oneOf('EXECUTION_ENVIRONMENT_GEN1 EXECUTION_ENVIRONMENT_GEN2');
const KEY_TYPE = oneOf(
  'ALL IP HTTP_HEADER XFF_IP HTTP_COOKIE HTTP_PATH SNI REGION_CODE TLS_JA3_FINGERPRINT TLS_JA4_FINGERPRINT USER_IP',
);
const LAUNCH_STAGE = oneOf('UNIMPLEMENTED PRELAUNCH EARLY_ACCESS ALPHA BETA GA DEPRECATED');
const MEDIUM = oneOf('MEMORY DISK');
const MIGRATION = oneOf('PREPARE TEST_BY_PERCENTAGE TEST_ALL_TRAFFIC');
const MISSING_DATA = oneOf(
  'EVALUATION_MISSING_DATA_INACTIVE EVALUATION_MISSING_DATA_ACTIVE EVALUATION_MISSING_DATA_NO_OP',
);
const OPERATOR = { operator: oneOf('EQUALS STARTS_WITH ENDS_WITH CONTAINS EQUALS_ANY') };
const REDIRECT = oneOf('EXTERNAL_302 GOOGLE_RECAPTCHA');

const DATE = { day: between(1, 31), month: between(1, 12), year: between(1, 9999) };

const AGGREGATION = {
  crossSeriesReducer: oneOf(
    'REDUCE_NONE REDUCE_MEAN REDUCE_MIN REDUCE_MAX REDUCE_SUM REDUCE_STDDEV REDUCE_COUNT REDUCE_COUNT_TRUE REDUCE_COUNT_FALSE REDUCE_FRACTION_TRUE REDUCE_PERCENTILE_99 REDUCE_PERCENTILE_95 REDUCE_PERCENTILE_50 REDUCE_PERCENTILE_05',
  ),
  perSeriesAligner: oneOf(
    'ALIGN_NONE ALIGN_DELTA ALIGN_RATE ALIGN_INTERPOLATE ALIGN_NEXT_OLDER ALIGN_MIN ALIGN_MAX ALIGN_MEAN ALIGN_COUNT ALIGN_SUM ALIGN_STDDEV ALIGN_COUNT_TRUE ALIGN_COUNT_FALSE ALIGN_FRACTION_TRUE ALIGN_PERCENTILE_99 ALIGN_PERCENTILE_95 ALIGN_PERCENTILE_50 ALIGN_PERCENTILE_05 ALIGN_PERCENT_CHANGE',
  ),
};

const URL_REDIRECT = {
  redirectResponseCode: oneOf(
    'FOUND MOVED_PERMANENTLY_DEFAULT PERMANENT_REDIRECT SEE_OTHER TEMPORARY_REDIRECT',
  ),
};

/** What a URL map does with a request, at each of the four places where it can say so. */
const ROUTE_ACTION = {
  'cachePolicy.cacheMode': CACHE_MODE,
  'cachePolicy.clientTtl.nanos': between(0, 0),
  'cachePolicy.defaultTtl.nanos': between(0, 0),
  'cachePolicy.maxTtl.nanos': between(0, 0),
  'cachePolicy.negativeCachingPolicies[].ttl.nanos': between(0, 0),
  'cachePolicy.serveWhileStale.nanos': between(0, 0),
  'faultInjectionPolicy.abort.httpStatus': between(200, 599),
  'faultInjectionPolicy.abort.percentage': between(0, 100),
  'faultInjectionPolicy.delay.percentage': between(0, 100),
  'requestMirrorPolicy.mirrorPercent': between(0, 100),
  'retryPolicy.numRetries': atLeast(1),
  'weightedBackendServices[].weight': between(0, 1000),
};

/** One member, one role, on what `target` names. A grant is never changed, only replaced. */
function grant(target: string): Constraints {
  return { fixed: `condition member role ${target}`.trimEnd(), values: { member: MEMBER } };
}

/** By resource type, what Google's provider checks before it sends anything. */
export const CONSTRAINTS: Readonly<Record<string, Constraints>> = {
  'gcp:artifactregistry/repository:Repository': {
    fixed:
      'format kmsKeyName location mavenConfig.allowSnapshotOverwrites mavenConfig.versionPolicy mode project remoteRepositoryConfig repositoryId',
    changeable: 'remoteRepositoryConfig.disableUpstreamValidation remoteRepositoryConfig.upstreamCredentials',
    groups: [
      atMostOne('', 'remoteRepositoryConfig virtualRepositoryConfig'),
      exactlyOne(
        'remoteRepositoryConfig',
        'aptRepository commonRepository dockerRepository mavenRepository npmRepository pythonRepository yumRepository',
      ),
      ...['docker', 'maven', 'npm', 'python'].map((kind) =>
        atMostOne(`remoteRepositoryConfig.${kind}Repository`, 'customRepository publicRepository'),
      ),
    ],
    values: {
      'cleanupPolicies[].action': oneOf('DELETE KEEP'),
      'cleanupPolicies[].condition.tagState': oneOf('TAGGED UNTAGGED ANY'),
      'mavenConfig.versionPolicy': oneOf('VERSION_POLICY_UNSPECIFIED RELEASE SNAPSHOT'),
      mode: oneOf('STANDARD_REPOSITORY VIRTUAL_REPOSITORY REMOTE_REPOSITORY'),
      ...under('remoteRepositoryConfig', {
        'aptRepository.publicRepository.repositoryBase': oneOf('DEBIAN UBUNTU DEBIAN_SNAPSHOT'),
        'dockerRepository.publicRepository': oneOf('DOCKER_HUB'),
        'mavenRepository.publicRepository': oneOf('MAVEN_CENTRAL'),
        'npmRepository.publicRepository': oneOf('NPMJS'),
        'pythonRepository.publicRepository': oneOf('PYPI'),
        'yumRepository.publicRepository.repositoryBase': oneOf(
          'CENTOS CENTOS_DEBUG CENTOS_VAULT CENTOS_STREAM ROCKY EPEL',
        ),
      }),
      'vulnerabilityScanningConfig.enablementConfig': oneOf('INHERITED DISABLED'),
    },
  },
  'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember': grant('location project repository'),
  'gcp:bigquery/dataset:Dataset': {
    fixed: 'datasetId externalDatasetReference location project',
    values: {
      datasetId: matching(/^\w{1,1024}$/, 'at most 1,024 letters, digits and underscores'),
      // An hour of milliseconds.
      defaultTableExpirationMs: atLeast(3_600_000),
    },
  },
  'gcp:bigquery/datasetAccess:DatasetAccess': {
    fixed:
      'authorizedDataset condition datasetId domain groupByEmail iamMember project role routine specialGroup userByEmail view',
    groups: [
      exactlyOne('', 'authorizedDataset domain groupByEmail iamMember routine specialGroup userByEmail view'),
    ],
  },
  'gcp:bigquery/datasetIamMember:DatasetIamMember': grant('datasetId project'),
  'gcp:bigquery/iamMember:IamMember': grant('datasetId project tableId'),
  'gcp:bigquery/table:Table': {
    fixed:
      'biglakeConfiguration datasetId encryptionConfiguration externalDataConfiguration.schema materializedView.allowNonIncrementalDefinition materializedView.query project rangePartitioning.field schemaForeignTypeInfo tableId tableReplicationInfo timePartitioning.field',
    changeable:
      'encryptionConfiguration.kmsKeyName encryptionConfiguration.kmsKeyVersion schemaForeignTypeInfo.typeSystem',
    groups: [
      atLeastOne('externalDataConfiguration.googleSheetsOptions', 'range skipLeadingRows'),
      atMostOne('externalDataConfiguration', 'objectMetadata sourceFormat'),
      atMostOne('', 'requirePartitionFilter timePartitioning.requirePartitionFilter'),
    ],
    values: {
      clusterings: items(0, 4),
      ...under('externalDataConfiguration', {
        compression: oneOf('NONE GZIP'),
        'csvOptions.encoding': oneOf('ISO-8859-1 UTF-8'),
        'csvOptions.sourceColumnMatch': oneOf('POSITION NAME'),
        jsonExtension: oneOf('GEOJSON'),
        'jsonOptions.encoding': oneOf('UTF-8 UTF-16BE UTF-16LE UTF-32BE UTF-32LE'),
        metadataCacheMode: oneOf('AUTOMATIC MANUAL'),
        schema: JSON_TEXT,
        sourceFormat: oneOf(
          'CSV GOOGLE_SHEETS NEWLINE_DELIMITED_JSON AVRO ICEBERG DATASTORE_BACKUP PARQUET ORC BIGTABLE DELTA_LAKE',
        ),
      }),
      ignoreSchemaChanges: items(0, 10),
      schema: JSON_TEXT,
      'timePartitioning.type': oneOf('DAY HOUR MONTH YEAR'),
    },
  },
  'gcp:billing/budget:Budget': {
    fixed: 'billingAccount',
    groups: [
      atLeastOne('allUpdatesRule', 'monitoringNotificationChannels pubsubTopic'),
      exactlyOne('amount', 'lastPeriodAmount specifiedAmount'),
      atLeastOne(
        'budgetFilter',
        'calendarPeriod creditTypesTreatment customPeriod labels projects resourceAncestors services subaccounts',
      ),
    ],
    values: {
      'allUpdatesRule.monitoringNotificationChannels': items(0, 5),
      'budgetFilter.calendarPeriod': oneOf('MONTH QUARTER YEAR CALENDAR_PERIOD_UNSPECIFIED'),
      'budgetFilter.creditTypesTreatment': oneOf(
        'INCLUDE_ALL_CREDITS EXCLUDE_ALL_CREDITS INCLUDE_SPECIFIED_CREDITS',
      ),
      ...under('budgetFilter.customPeriod.endDate', DATE),
      ...under('budgetFilter.customPeriod.startDate', DATE),
      ownershipScope: oneOf('OWNERSHIP_SCOPE_UNSPECIFIED ALL_USERS BILLING_ACCOUNT'),
      'thresholdRules[].spendBasis': oneOf('CURRENT_SPEND FORECASTED_SPEND'),
    },
  },
  'gcp:cloudrunv2/job:Job': {
    fixed: 'location name project tags',
    groups: [atMostOne('', 'runExecutionToken startExecutionToken')],
    values: {
      launchStage: LAUNCH_STAGE,
      'template.template.executionEnvironment': ENVIRONMENT,
      'template.template.timeout': SECONDS,
      'template.template.volumes[].emptyDir.medium': MEDIUM,
      'template.template.vpcAccess.egress': EGRESS,
    },
  },
  'gcp:cloudrunv2/jobIamMember:JobIamMember': grant('location name project'),
  'gcp:cloudrunv2/service:Service': {
    fixed: 'location name project tags',
    groups: [atMostOne('template.vpcAccess', 'connector networkInterfaces')],
    values: {
      ingress: oneOf(
        'INGRESS_TRAFFIC_ALL INGRESS_TRAFFIC_INTERNAL_ONLY INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER',
      ),
      launchStage: LAUNCH_STAGE,
      'scaling.scalingMode': oneOf('AUTOMATIC MANUAL'),
      'template.executionEnvironment': ENVIRONMENT,
      'template.timeout': SECONDS,
      'template.volumes[].emptyDir.medium': MEDIUM,
      'template.vpcAccess.egress': EGRESS,
      'traffics[].type': oneOf(
        'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION',
      ),
    },
  },
  'gcp:cloudrunv2/serviceIamMember:ServiceIamMember': grant('location name project'),
  'gcp:cloudscheduler/job:Job': {
    fixed: 'name project region',
    groups: [
      exactlyOne('', 'appEngineHttpTarget httpTarget pubsubTarget'),
      atLeastOne('appEngineHttpTarget.appEngineRouting', 'instance service version'),
      atLeastOne(
        'retryConfig',
        'maxBackoffDuration maxDoublings maxRetryDuration minBackoffDuration retryCount',
      ),
    ],
    values: {
      'appEngineHttpTarget.body': BASE64,
      'appEngineHttpTarget.headers': HEADERS,
      'httpTarget.body': BASE64,
      'httpTarget.headers': HEADERS,
      'pubsubTarget.data': BASE64,
    },
  },
  'gcp:compute/backendService:BackendService': {
    fixed: 'dynamicForwarding.ipPortSelection.enabled name params project',
    groups: [
      atLeastOne('cdnPolicy', 'cacheKeyPolicy signedUrlCacheMaxAgeSec'),
      atLeastOne(
        'cdnPolicy.cacheKeyPolicy',
        'includeHost includeHttpHeaders includeNamedCookies includeProtocol includeQueryString queryStringBlacklists queryStringWhitelists',
      ),
      atLeastOne(
        'circuitBreakers',
        'connectTimeout maxConnections maxPendingRequests maxRequests maxRequestsPerConnection maxRetries',
      ),
      atLeastOne('consistentHash', 'httpCookie httpHeaderName minimumRingSize'),
      atLeastOne('consistentHash.httpCookie', 'name path ttl'),
      atLeastOne('logConfig', 'enable sampleRate'),
      atLeastOne(
        'outlierDetection',
        'baseEjectionTime consecutiveErrors consecutiveGatewayFailure enforcingConsecutiveErrors enforcingConsecutiveGatewayFailure enforcingSuccessRate interval maxEjectionPercent successRateMinimumHosts successRateRequestVolume successRateStdevFactor',
      ),
      atLeastOne('strongSessionAffinityCookie', 'name path ttl'),
    ],
    values: {
      'backends[].balancingMode': oneOf('UTILIZATION RATE CONNECTION CUSTOM_METRICS IN_FLIGHT'),
      'backends[].preference': oneOf('PREFERRED DEFAULT'),
      'backends[].trafficDuration': oneOf('LONG SHORT'),
      'cdnPolicy.cacheMode': CACHE_MODE,
      compressionMode: oneOf('AUTOMATIC DISABLED'),
      externalManagedMigrationState: MIGRATION,
      ipAddressSelectionPolicy: oneOf('IPV4_ONLY PREFER_IPV6 IPV6_ONLY'),
      loadBalancingScheme: oneOf('EXTERNAL INTERNAL_SELF_MANAGED INTERNAL_MANAGED EXTERNAL_MANAGED'),
      'localityLbPolicies[].policy.name': oneOf(
        'ROUND_ROBIN LEAST_REQUEST RING_HASH RANDOM ORIGINAL_DESTINATION MAGLEV',
      ),
      localityLbPolicy: oneOf(
        'ROUND_ROBIN LEAST_REQUEST RING_HASH RANDOM ORIGINAL_DESTINATION MAGLEV WEIGHTED_MAGLEV WEIGHTED_ROUND_ROBIN',
      ),
      'logConfig.optionalMode': oneOf('INCLUDE_ALL_OPTIONAL EXCLUDE_ALL_OPTIONAL CUSTOM'),
      'networkPassThroughLbTrafficPolicy.zonalAffinity.spillover': oneOf(
        'ZONAL_AFFINITY_DISABLED ZONAL_AFFINITY_SPILL_CROSS_ZONE ZONAL_AFFINITY_STAY_WITHIN_ZONE',
      ),
      protocol: oneOf('HTTP HTTPS HTTP2 TCP SSL UDP GRPC UNSPECIFIED H2C'),
      sessionAffinity: oneOf(
        'NONE CLIENT_IP CLIENT_IP_PORT_PROTO CLIENT_IP_PROTO GENERATED_COOKIE HEADER_FIELD HTTP_COOKIE STRONG_COOKIE_AFFINITY',
      ),
    },
  },
  'gcp:compute/globalAddress:GlobalAddress': {
    fixed: 'address addressType description ipVersion name network prefixLength project purpose',
    values: { addressType: oneOf('EXTERNAL INTERNAL'), ipVersion: oneOf('IPV4 IPV6') },
  },
  'gcp:compute/globalForwardingRule:GlobalForwardingRule': {
    fixed:
      'allowPscGlobalAccess description ipAddress ipProtocol ipVersion metadataFilters name network networkTier noAutomateDnsZone portRange project serviceDirectoryRegistrations sourceIpRanges subnetwork',
    values: {
      externalManagedBackendBucketMigrationState: MIGRATION,
      ipProtocol: oneOf('TCP UDP ESP AH SCTP ICMP'),
      ipVersion: oneOf('IPV4 IPV6'),
      loadBalancingScheme: oneOf('EXTERNAL EXTERNAL_MANAGED INTERNAL_MANAGED INTERNAL_SELF_MANAGED'),
      'metadataFilters[].filterLabels': items(1, 64),
      'metadataFilters[].filterMatchCriteria': oneOf('MATCH_ANY MATCH_ALL'),
      networkTier: oneOf('PREMIUM STANDARD'),
    },
  },
  'gcp:compute/managedSslCertificate:ManagedSslCertificate': {
    fixed: 'description managed name project type',
    values: { 'managed.domains': items(0, 100), type: oneOf('MANAGED') },
  },
  'gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup': {
    fixed:
      'appEngine cloudFunction cloudRun description name network networkEndpointType project pscData pscTargetService region serverlessDeployment subnetwork',
    groups: [
      atMostOne('', 'appEngine cloudFunction cloudRun serverlessDeployment'),
      atLeastOne('cloudFunction', 'function urlMask'),
      atLeastOne('cloudRun', 'service urlMask'),
    ],
    values: {
      name: NAME,
      networkEndpointType: oneOf(
        'SERVERLESS PRIVATE_SERVICE_CONNECT INTERNET_IP_PORT INTERNET_FQDN_PORT GCE_VM_IP_PORTMAP',
      ),
    },
  },
  'gcp:compute/sSLPolicy:SSLPolicy': {
    fixed: 'description name project',
    values: {
      minTlsVersion: oneOf('TLS_1_0 TLS_1_1 TLS_1_2 TLS_1_3'),
      postQuantumKeyExchange: oneOf('DEFAULT ENABLED DEFERRED'),
      profile: oneOf('COMPATIBLE MODERN RESTRICTED CUSTOM FIPS_202205'),
    },
  },
  'gcp:compute/securityPolicy:SecurityPolicy': {
    fixed: 'name project type',
    required:
      'rules[].headerAction.requestHeadersToAdds rules[].headerAction.requestHeadersToAdds[].headerName rules[].match.config.srcIpRanges rules[].rateLimitOptions.banThreshold.count rules[].rateLimitOptions.banThreshold.intervalSec rules[].rateLimitOptions.conformAction rules[].rateLimitOptions.exceedAction rules[].rateLimitOptions.exceedRedirectOptions.type rules[].rateLimitOptions.rateLimitThreshold rules[].rateLimitOptions.rateLimitThreshold.count rules[].rateLimitOptions.rateLimitThreshold.intervalSec rules[].redirectOptions.type',
    values: {
      'adaptiveProtectionConfig.layer7DdosDefenseConfig.ruleVisibility': oneOf('STANDARD PREMIUM'),
      ...under('adaptiveProtectionConfig.layer7DdosDefenseConfig.thresholdConfigs[]', {
        autoDeployConfidenceThreshold: between(0, 1),
        autoDeployExpirationSec: between(1, 7_776_000),
        autoDeployImpactedBaselineThreshold: between(0, 1),
        autoDeployLoadThreshold: atLeast(0),
        detectionAbsoluteQps: atLeast(0),
        detectionLoadThreshold: atLeast(0),
        detectionRelativeToBaselineQps: atLeast(1),
        name: NAME,
        'trafficGranularityConfigs[].type': oneOf('HTTP_HEADER_HOST HTTP_PATH'),
      }),
      'advancedOptionsConfig.jsonParsing': oneOf('DISABLED STANDARD STANDARD_WITH_GRAPHQL'),
      'advancedOptionsConfig.logLevel': oneOf('NORMAL VERBOSE'),
      'advancedOptionsConfig.requestBodyInspectionSize': oneOf('8KB 16KB 32KB 48KB 64KB'),
      name: NAME,
      ...under('rules[]', {
        'match.config.srcIpRanges': items(1, 10),
        'match.exprOptions.recaptchaOptions.actionTokenSiteKeys': items(1),
        'match.exprOptions.recaptchaOptions.sessionTokenSiteKeys': items(1),
        'match.versionedExpr': oneOf('SRC_IPS_V1'),
        ...under('preconfiguredWafConfig.exclusions[].requestCookies[]', OPERATOR),
        ...under('preconfiguredWafConfig.exclusions[].requestHeaders[]', OPERATOR),
        ...under('preconfiguredWafConfig.exclusions[].requestQueryParams[]', OPERATOR),
        ...under('preconfiguredWafConfig.exclusions[].requestUris[]', OPERATOR),
        'rateLimitOptions.conformAction': oneOf('allow'),
        'rateLimitOptions.enforceOnKey': KEY_TYPE,
        'rateLimitOptions.enforceOnKeyConfigs[].enforceOnKeyType': KEY_TYPE,
        'rateLimitOptions.exceedAction': oneOf('redirect deny(403) deny(404) deny(429) deny(502)'),
        'rateLimitOptions.exceedRedirectOptions.type': REDIRECT,
        'redirectOptions.type': REDIRECT,
      }),
      type: oneOf('CLOUD_ARMOR CLOUD_ARMOR_EDGE CLOUD_ARMOR_INTERNAL_SERVICE'),
    },
  },
  'gcp:compute/targetHttpProxy:TargetHttpProxy': {
    fixed: 'description httpKeepAliveTimeoutSec name project proxyBind',
  },
  'gcp:compute/targetHttpsProxy:TargetHttpsProxy': {
    fixed: 'description httpKeepAliveTimeoutSec name project proxyBind tlsEarlyData',
    groups: [atMostOne('', 'certificateManagerCertificates sslCertificates')],
    values: {
      quicOverride: oneOf('NONE ENABLE DISABLE'),
      tlsEarlyData: oneOf('STRICT PERMISSIVE UNRESTRICTED DISABLED'),
    },
  },
  'gcp:compute/uRLMap:URLMap': {
    fixed: 'name project',
    groups: [
      exactlyOne('', 'defaultRouteAction.weightedBackendServices defaultService defaultUrlRedirect'),
      atMostOne('', 'defaultRouteAction defaultUrlRedirect'),
      atLeastOne(
        'defaultRouteAction',
        'cachePolicy corsPolicy faultInjectionPolicy requestMirrorPolicy retryPolicy timeout urlRewrite weightedBackendServices',
      ),
      atLeastOne(
        'defaultRouteAction.cachePolicy',
        'cacheBypassRequestHeaderNames cacheKeyPolicy cacheMode clientTtl defaultTtl maxTtl negativeCaching negativeCachingPolicies requestCoalescing serveWhileStale',
      ),
      atLeastOne(
        'defaultRouteAction.cachePolicy.cacheKeyPolicy',
        'excludedQueryParameters includeHost includeProtocol includeQueryString includedCookieNames includedHeaderNames includedQueryParameters',
      ),
      atMostOne(
        'defaultRouteAction.cachePolicy.cacheKeyPolicy',
        'excludedQueryParameters includedQueryParameters',
      ),
      atLeastOne(
        'defaultRouteAction.corsPolicy',
        'allowCredentials allowHeaders allowMethods allowOriginRegexes allowOrigins disabled exposeHeaders maxAge',
      ),
      atLeastOne('defaultRouteAction.faultInjectionPolicy', 'abort delay'),
      atLeastOne('defaultRouteAction.faultInjectionPolicy.abort', 'httpStatus percentage'),
      atLeastOne('defaultRouteAction.faultInjectionPolicy.delay', 'fixedDelay percentage'),
      atLeastOne('defaultRouteAction.faultInjectionPolicy.delay.fixedDelay', 'nanos seconds'),
      atLeastOne('defaultRouteAction.retryPolicy', 'numRetries perTryTimeout retryConditions'),
      atLeastOne('defaultRouteAction.retryPolicy.perTryTimeout', 'nanos seconds'),
      atLeastOne('defaultRouteAction.timeout', 'nanos seconds'),
      atLeastOne('defaultRouteAction.urlRewrite', 'hostRewrite pathPrefixRewrite'),
      atLeastOne(
        'headerAction',
        'requestHeadersToAdds requestHeadersToRemoves responseHeadersToAdds responseHeadersToRemoves',
      ),
    ],
    values: {
      ...under('defaultRouteAction', ROUTE_ACTION),
      ...under('defaultUrlRedirect', URL_REDIRECT),
      ...under('pathMatchers[]', {
        ...under('defaultRouteAction', ROUTE_ACTION),
        ...under('defaultUrlRedirect', URL_REDIRECT),
        ...under('pathRules[].routeAction', ROUTE_ACTION),
        ...under('pathRules[].urlRedirect', URL_REDIRECT),
        ...under('routeRules[].routeAction', ROUTE_ACTION),
        ...under('routeRules[].urlRedirect', URL_REDIRECT),
        'routeRules[].matchRules[].metadataFilters[].filterLabels': items(1, 64),
        'routeRules[].matchRules[].metadataFilters[].filterMatchCriteria': oneOf('MATCH_ALL MATCH_ANY'),
      }),
    },
  },
  'gcp:iam/workloadIdentityPool:WorkloadIdentityPool': {
    fixed: 'project workloadIdentityPoolId',
    groups: [exactlyOne('inlineCertificateIssuanceConfig', 'caPools useDefaultSharedCa')],
    values: {
      'inlineCertificateIssuanceConfig.keyAlgorithm': oneOf(
        'RSA_2048 RSA_3072 RSA_4096 ECDSA_P256 ECDSA_P384',
      ),
      mode: oneOf('FEDERATION_ONLY TRUST_DOMAIN SYSTEM_TRUST_DOMAIN'),
      workloadIdentityPoolId: POOL_ID,
    },
  },
  'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider': {
    fixed: 'project workloadIdentityPoolId workloadIdentityPoolProviderId',
    groups: [exactlyOne('', 'aws oidc saml x509')],
    values: { workloadIdentityPoolProviderId: POOL_ID },
  },
  'gcp:kms/cryptoKey:CryptoKey': {
    fixed:
      'cryptoKeyBackend destroyScheduledDuration importOnly keyRing name purpose versionTemplate.protectionLevel',
    values: {
      rotationPeriod: such(
        'a day or more, in seconds such as "7776000s"',
        (value) => /^\d+(\.\d{1,9})?s$/.test(String(value)) && Number.parseFloat(String(value)) >= 86_400,
      ),
    },
  },
  'gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember': grant('cryptoKeyId'),
  'gcp:kms/keyRing:KeyRing': { fixed: 'location name project' },
  'gcp:logging/metric:Metric': {
    fixed: 'metricDescriptor.labels[].key metricDescriptor.labels[].valueType project',
    groups: [atLeastOne('bucketOptions', 'explicitBuckets exponentialBuckets linearBuckets')],
    values: {
      'metricDescriptor.labels[].valueType': oneOf('BOOL INT64 STRING'),
      'metricDescriptor.metricKind': oneOf('DELTA GAUGE CUMULATIVE'),
      'metricDescriptor.valueType': oneOf('BOOL INT64 DOUBLE STRING DISTRIBUTION MONEY'),
    },
  },
  'gcp:logging/projectExclusion:ProjectExclusion': { fixed: 'name project' },
  'gcp:monitoring/alertPolicy:AlertPolicy': {
    fixed: 'project',
    groups: [atLeastOne('documentation', 'content links mimeType subject')],
    values: {
      'alertStrategy.notificationPrompts[]': oneOf('NOTIFICATION_PROMPT_UNSPECIFIED OPENED CLOSED'),
      combiner: oneOf('AND OR AND_WITH_MATCHING_RESOURCE'),
      ...under('conditions[]', {
        ...under('conditionAbsent.aggregations[]', AGGREGATION),
        'conditionMonitoringQueryLanguage.evaluationMissingData': MISSING_DATA,
        'conditionSql.rowCountTest.comparison': COMPARISON,
        ...under('conditionThreshold.aggregations[]', AGGREGATION),
        'conditionThreshold.comparison': COMPARISON,
        ...under('conditionThreshold.denominatorAggregations[]', AGGREGATION),
        'conditionThreshold.evaluationMissingData': MISSING_DATA,
      }),
      severity: oneOf('CRITICAL ERROR WARNING'),
    },
  },
  'gcp:monitoring/customService:CustomService': { fixed: 'project serviceId', values: { serviceId: ID } },
  'gcp:monitoring/dashboard:Dashboard': { fixed: 'project', values: { dashboardJson: JSON_TEXT } },
  'gcp:monitoring/slo:Slo': {
    fixed: 'project service sloId',
    groups: [
      exactlyOne('', 'basicSli requestBasedSli windowsBasedSli'),
      exactlyOne('', 'calendarPeriod rollingPeriodDays'),
      exactlyOne('basicSli', 'availability latency'),
      exactlyOne('requestBasedSli', 'distributionCut goodTotalRatio'),
      atLeastOne('requestBasedSli.distributionCut.range', 'max min'),
      atLeastOne('requestBasedSli.goodTotalRatio', 'badServiceFilter goodServiceFilter totalServiceFilter'),
      exactlyOne(
        'windowsBasedSli',
        'goodBadMetricFilter goodTotalRatioThreshold metricMeanInRange metricSumInRange',
      ),
      exactlyOne('windowsBasedSli.goodTotalRatioThreshold', 'basicSliPerformance performance'),
      exactlyOne('windowsBasedSli.goodTotalRatioThreshold.basicSliPerformance', 'availability latency'),
      exactlyOne('windowsBasedSli.goodTotalRatioThreshold.performance', 'distributionCut goodTotalRatio'),
      atLeastOne('windowsBasedSli.goodTotalRatioThreshold.performance.distributionCut.range', 'max min'),
      atLeastOne(
        'windowsBasedSli.goodTotalRatioThreshold.performance.goodTotalRatio',
        'badServiceFilter goodServiceFilter totalServiceFilter',
      ),
      atLeastOne('windowsBasedSli.metricMeanInRange.range', 'max min'),
      atLeastOne('windowsBasedSli.metricSumInRange.range', 'max min'),
    ],
    values: {
      'basicSli.availability.enabled': TRUE,
      calendarPeriod: oneOf('DAY WEEK FORTNIGHT MONTH'),
      goal: such('above 0 and at most 0.999', (value) => Number(value) > 0 && Number(value) <= 0.999),
      rollingPeriodDays: between(1, 30),
      sloId: ID,
      'windowsBasedSli.goodTotalRatioThreshold.basicSliPerformance.availability.enabled': TRUE,
    },
  },
  'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig': {
    fixed:
      'checkerType httpCheck.authInfo.passwordWoVersion httpCheck.requestMethod monitoredResource project resourceGroup syntheticMonitor',
    groups: [
      exactlyOne('', 'monitoredResource resourceGroup syntheticMonitor'),
      atLeastOne('httpCheck', 'authInfo headers maskHeaders path port useSsl'),
      needs('httpCheck.authInfo', 'passwordWo passwordWoVersion'),
      needs('httpCheck.authInfo', 'passwordWoVersion passwordWo'),
      atLeastOne('resourceGroup', 'groupId resourceType'),
    ],
    values: {
      checkerType: oneOf('STATIC_IP_CHECKERS VPC_CHECKERS'),
      'contentMatchers[].jsonPathMatcher.jsonMatcher': oneOf('EXACT_MATCH REGEX_MATCH'),
      'contentMatchers[].matcher': oneOf(
        'CONTAINS_STRING NOT_CONTAINS_STRING MATCHES_REGEX NOT_MATCHES_REGEX MATCHES_JSON_PATH NOT_MATCHES_JSON_PATH',
      ),
      'httpCheck.acceptedResponseStatusCodes[].statusClass': oneOf(
        'STATUS_CLASS_1XX STATUS_CLASS_2XX STATUS_CLASS_3XX STATUS_CLASS_4XX STATUS_CLASS_5XX STATUS_CLASS_ANY',
      ),
      'httpCheck.contentType': oneOf('TYPE_UNSPECIFIED URL_ENCODED USER_PROVIDED'),
      'httpCheck.requestMethod': oneOf('METHOD_UNSPECIFIED GET POST'),
      'httpCheck.serviceAgentAuthentication.type': oneOf(
        'SERVICE_AGENT_AUTHENTICATION_TYPE_UNSPECIFIED OIDC_TOKEN',
      ),
      'resourceGroup.resourceType': oneOf('RESOURCE_TYPE_UNSPECIFIED INSTANCE AWS_ELB_LOAD_BALANCER'),
    },
  },
  'gcp:projects/iAMCustomRole:IAMCustomRole': {
    fixed: 'project roleId',
    values: {
      roleId: matching(/^[a-zA-Z0-9_.]{3,64}$/, '3 to 64 letters, digits, underscores and dots'),
      stage: oneOf('ALPHA BETA GA DEPRECATED DISABLED EAP'),
    },
  },
  'gcp:projects/iAMMember:IAMMember': grant('project'),
  'gcp:projects/service:Service': {
    fixed: 'project service',
    values: { service: matching(/\./, 'a service such as "pubsub.googleapis.com"') },
  },
  'gcp:projects/serviceIdentity:ServiceIdentity': { fixed: 'project service' },
  'gcp:pubsub/schema:Schema': {
    fixed: 'name project',
    values: { type: oneOf('TYPE_UNSPECIFIED PROTOCOL_BUFFER AVRO') },
  },
  'gcp:pubsub/subscription:Subscription': {
    fixed: 'enableMessageOrdering filter name project tags topic',
    groups: [atMostOne('', 'bigqueryConfig cloudStorageConfig pushConfig')],
    values: { filter: matching(/^.{0,256}$/s, 'text of at most 256 characters') },
  },
  'gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember': grant('project subscription'),
  'gcp:pubsub/topic:Topic': {
    fixed: 'name project tags',
    values: {
      'ingestionDataSourceSettings.platformLogsSettings.severity': oneOf(
        'SEVERITY_UNSPECIFIED DISABLED DEBUG INFO WARNING ERROR',
      ),
      'schemaSettings.encoding': oneOf('ENCODING_UNSPECIFIED JSON BINARY'),
    },
  },
  'gcp:pubsub/topicIAMMember:TopicIAMMember': grant('project topic'),
  'gcp:secretmanager/secret:Secret': {
    fixed: 'project replication secretId tags',
    changeable:
      'replication.auto.customerManagedEncryption replication.userManaged.replicas[].customerManagedEncryption',
    groups: [
      exactlyOne('replication', 'auto userManaged'),
      needs('', 'rotation topics'),
      needs('rotation', 'nextRotationTime rotationPeriod'),
    ],
    values: { 'replication.userManaged.replicas': items(1) },
  },
  'gcp:secretmanager/secretIamMember:SecretIamMember': grant('project secretId'),
  'gcp:secretmanager/secretVersion:SecretVersion': {
    fixed: 'isSecretDataBase64 project secret secretData secretDataWoVersion',
  },
  'gcp:serviceaccount/account:Account': {
    fixed: 'accountId project',
    values: {
      accountId: matching(
        /^[a-z](?:[-a-z0-9]{4,28}[a-z0-9])$/,
        '6 to 30 lower-case letters, digits and dashes that start with a letter',
      ),
      description: matching(/^.{0,256}$/s, 'text of at most 256 characters'),
    },
  },
  'gcp:serviceaccount/iAMMember:IAMMember': {
    ...grant('serviceAccountId'),
    values: {
      member: MEMBER,
      serviceAccountId: matching(
        /^projects\/[^/]+\/serviceAccounts\/[^/@]+@[a-z0-9.-]+\.gserviceaccount\.com$/,
        'an account such as "projects/PROJECT/serviceAccounts/NAME@PROJECT.iam.gserviceaccount.com"',
      ),
    },
  },
  'gcp:serviceusage/consumerQuotaOverride:ConsumerQuotaOverride': {
    fixed: 'dimensions limit metric project service',
  },
  'gcp:storage/bucket:Bucket': {
    fixed:
      'customPlacementConfig.dataLocations enableObjectRetention hierarchicalNamespace location name project',
    groups: [
      needs('ipFilter', 'allowCrossOrgVpcs vpcNetworkSources'),
      atLeastOne('website', 'mainPageSuffix notFoundPage'),
    ],
    values: {
      'customPlacementConfig.dataLocations': items(1),
      ...under('encryption.customerManagedEncryptionEnforcementConfig', ENFORCEMENT),
      ...under('encryption.customerSuppliedEncryptionEnforcementConfig', ENFORCEMENT),
      ...under('encryption.googleManagedEncryptionEnforcementConfig', ENFORCEMENT),
      'ipFilter.mode': oneOf('Enabled Disabled'),
      'ipFilter.publicNetworkSource.allowedIpCidrRanges[]': CIDR,
      'ipFilter.vpcNetworkSources[].allowedIpCidrRanges[]': CIDR,
      labels: such(
        'labels with names of at most 63 lower-case letters, digits, dashes and underscores',
        (value) => Object.keys(value as object).every((name) => /^[a-z0-9_-]{1,63}$/.test(name)),
      ),
      lifecycleRules: items(0, 100),
      'lifecycleRules[].condition.withState': oneOf('LIVE ARCHIVED ANY'),
    },
  },
  'gcp:storage/bucketIAMMember:BucketIAMMember': grant('bucket'),
};

function isJson(value: unknown): boolean {
  try {
    JSON.parse(String(value));
    return true;
  } catch {
    return false; // The caller says what was given.
  }
}
