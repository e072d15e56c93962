import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';

const config = new pulumi.Config();
const step = config.get('step') ?? '1';
const attempts = config.getNumber('attempts') ?? 0;

const POINTS = ['beforeCreate', 'afterCreate', 'beforeUpdate', 'afterUpdate'] as const;
const told = POINTS.map((point) => {
  const hook = new pulumi.ResourceHook(
    point,
    ({ name, id, newInputs, oldInputs, newOutputs }) =>
      pulumi.log.info(
        `${point} ${name}: ${[id, newInputs?.labels.step, oldInputs?.labels?.step, newOutputs?.id].join(' ')}`,
      ),
    { onDryRun: point === 'beforeCreate' },
  );
  return [point, [hook]] as const;
});

const labelled = new gcp.pubsub.Topic(
  'labelled',
  { name: 'labelled', labels: { step } },
  { hooks: Object.fromEntries(told) },
);

// Of a type that is not emulated.
new gcp.logging.Metric(
  'metric',
  { name: 'metric', filter: step },
  {
    hooks: { afterCreate: [() => pulumi.log.info('afterCreate metric')] },
  },
);

const again = new pulumi.ErrorHook('again', async ({ failedOperation, errors }) => {
  await pulumi.log.info(`${failedOperation} failed ${errors.length} times: ${errors[0]}`);
  return errors.length <= attempts;
});
new gcp.pubsub.Topic('taken', { name: 'taken' }, { dependsOn: [labelled], hooks: { onError: [again] } });

const refuse = () => {
  throw new Error('it is Sunday');
};
const wanted = config.get('refuses');
if (wanted) {
  const hook = new pulumi.ResourceHook('refuses', refuse, { ignoreErrors: wanted === 'gently' });
  new gcp.pubsub.Topic('refused', { name: 'refused' }, { hooks: { beforeCreate: [hook] } });
}
if (config.getBoolean('deletes')) {
  const hook = new pulumi.ResourceHook('deletes', refuse);
  new gcp.pubsub.Topic('deleted', { name: 'deleted' }, { hooks: { beforeDelete: [hook] } });
}
