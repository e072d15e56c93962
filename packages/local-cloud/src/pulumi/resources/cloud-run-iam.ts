import { Type } from '@sinclair/typebox';
import { jobName } from './cloud-run-job.ts';
import { serviceName } from './cloud-run-service.ts';
import { grantType } from './grant.ts';

export const serviceGrant = grantType({
  target: { name: Type.String(), location: Type.Optional(Type.String()) },
  resource: ({ name = '', location }, { project, region = '' }) =>
    serviceName(project, location ?? region, name),
  property: 'name',
});

export const jobGrant = grantType({
  target: { name: Type.String(), location: Type.Optional(Type.String()) },
  resource: ({ name = '', location }, { project, region = '' }) => jobName(project, location ?? region, name),
  property: 'name',
});
