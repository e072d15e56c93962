import * as gcp from '@pulumi/gcp';

new gcp.serviceaccount.Key('key', { serviceAccountId: 'projects/example-test/serviceAccounts/a@b.c' });
