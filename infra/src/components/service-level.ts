import type * as gcp from '@pulumi/gcp';
import type { Objective } from '@records/monitoring';

type Indicator = Pick<gcp.monitoring.SloArgs, 'requestBasedSli' | 'windowsBasedSli'>;

/** An indicator as the provider takes it. */
export function indicatorArgs(cloud: Objective['cloud']): Indicator {
  switch (cloud.kind) {
    case 'ratio':
      return {
        requestBasedSli: {
          goodTotalRatio: {
            badServiceFilter: cloud.bad,
            ...('total' in cloud ? { totalServiceFilter: cloud.total } : { goodServiceFilter: cloud.good }),
          },
        },
      };
    case 'distribution':
      return {
        requestBasedSli: {
          distributionCut: { distributionFilter: cloud.filter, range: { max: cloud.max } },
        },
      };
    case 'windows':
      return {
        windowsBasedSli: {
          windowPeriod: `${cloud.windowSeconds}s`,
          metricMeanInRange: { timeSeries: cloud.filter, range: { max: cloud.max } },
        },
      };
  }
}
