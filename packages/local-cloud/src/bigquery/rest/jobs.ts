import type { JobInput, JobReferenceInput, QueryRequest } from '../job-configuration.ts';
import { FORMAT, FORMAT_OPTIONS, formatOptions } from './format-options.ts';
import { CONFIGURATION, QUERY_TEXT } from './job-configuration.ts';
import { RESOURCE } from './messages.ts';
import { type Method, method, PAGING, PROJECT, withBody } from './method.ts';
import {
  ANY,
  acceptedOf,
  BOOLEAN,
  INT64,
  listOf,
  mapOf,
  message,
  oneOf,
  STRING,
  UINT32,
  UINT64,
} from './types.ts';

const JOB_REFERENCE = message<JobReferenceInput>('JobReference', () => ({
  projectId: STRING,
  jobId: STRING,
  location: STRING,
}));

const JOB = message<JobInput>('Job', () => ({ jobReference: JOB_REFERENCE, configuration: CONFIGURATION }), {
  output: {
    ...RESOURCE,
    jobCreationReason: ANY,
    status: ANY,
    statistics: ANY,
    user_email: STRING,
    principal_subject: STRING,
  },
});

const QUERY_REQUEST = message<QueryRequest>(
  'QueryRequest',
  () => ({
    ...QUERY_TEXT,
    dryRun: BOOLEAN,
    labels: mapOf(STRING),
    jobTimeoutMs: INT64,
    maxResults: UINT32,
    timeoutMs: UINT32,
    location: STRING,
    formatOptions: FORMAT_OPTIONS,
    requestId: STRING,
    jobCreationMode: oneOf('JOB_CREATION_MODE_UNSPECIFIED', 'JOB_CREATION_REQUIRED', 'JOB_CREATION_OPTIONAL'),
  }),
  {
    output: { kind: STRING },
    // Java's client names the one format that there is.
    inert: {
      queryResultsFormat: acceptedOf(['QUERY_RESULTS_FORMAT_UNSPECIFIED', 'STRUCT_ENCODING'], ['ARROW']),
    },
    refused: [
      'arrowSerializationOptions',
      'connectionProperties',
      'continuous',
      'createSession',
      'destinationEncryptionConfiguration',
      'maxSlots',
      'reservation',
      'secureContext',
      'writeIncrementalResults',
    ],
  },
);

const ONE_JOB = `${PROJECT}/jobs/{jobId}`;

export const JOB_METHODS: readonly Method[] = [
  method(
    'jobs.list',
    'GET',
    `${PROJECT}/jobs`,
    {
      ...PAGING,
      allUsers: BOOLEAN,
      projection: oneOf('full', 'minimal'),
      stateFilter: listOf(oneOf('done', 'pending', 'running')),
      minCreationTime: UINT64,
      maxCreationTime: UINT64,
      parentJobId: STRING,
    },
    async (bigquery, { query, access }) => ({
      kind: 'bigquery#jobList',
      ...(await bigquery.listJobs(query, access)),
    }),
  ),
  withBody('jobs.insert', 'POST', `${PROJECT}/jobs`, {}, JOB, (bigquery, { body, access, media }) =>
    bigquery.insertJob(body, access, media),
  ),
  method('jobs.get', 'GET', ONE_JOB, { location: STRING }, (bigquery, { path, query, access }) =>
    bigquery.getJob(path.jobId, { location: query.location }, access),
  ),
  method(
    'jobs.cancel',
    'POST',
    `${ONE_JOB}/cancel`,
    { location: STRING },
    (bigquery, { path, query, access }) =>
      bigquery.cancelJob(path.jobId, { location: query.location }, access),
  ),
  method(
    'jobs.delete',
    'DELETE',
    `${ONE_JOB}/delete`,
    { location: STRING },
    async (bigquery, { path, query, access }) => {
      await bigquery.deleteJob(path.jobId, { location: query.location }, access);
      return {};
    },
  ),
  withBody('jobs.query', 'POST', `${PROJECT}/queries`, {}, QUERY_REQUEST, (bigquery, { body, access }) =>
    bigquery.query(body, access),
  ),
  method(
    'jobs.getQueryResults',
    'GET',
    `${PROJECT}/queries/{jobId}`,
    { ...PAGING, startIndex: UINT64, timeoutMs: UINT32, location: STRING, ...FORMAT },
    (bigquery, { path, query, access }) => {
      const { maxResults, pageToken, startIndex, timeoutMs, location } = query;
      const request = { maxResults, pageToken, startIndex, timeoutMs, location };
      return bigquery.getQueryResults(
        path.jobId,
        { ...request, formatOptions: formatOptions(query) },
        access,
      );
    },
  ),
];
