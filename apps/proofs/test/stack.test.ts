// Starting a stack takes three seconds of CPU time, so these tests share one, in this order: the first needs an empty
// table, and the last deletes the subscription.
import './stack/operating.ts';
import './stack/grants.ts';
import './stack/runbooks.ts';
import './stack/metrics.ts';
import './stack/pipeline.ts';
import './stack/traces.ts';
import './stack/prober.ts';
