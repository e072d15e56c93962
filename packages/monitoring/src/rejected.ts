/** Indicators that were considered, and why none of them is an objective. */
export const REJECTED: readonly { readonly indicator: string; readonly because: string }[] = [
  {
    indicator: 'requests answered 2xx',
    because: 'a third party with a wrong id or a wrong key could spend the budget, and wake somebody up',
  },
  {
    indicator: 'mean latency',
    because: 'hides the slow tail; a thousand pages from memory hide ten look-ups that time out',
  },
  {
    indicator: 'a percentile over a threshold',
    because: 'has no budget: it says that a moment was bad, not how many requests were',
  },
  {
    indicator: 'latency of all routes together',
    because: 'a page from memory and a query differ a thousandfold; the mix of traffic would decide',
  },
  {
    indicator: 'uptime checks from outside',
    because: 'six regions once a minute are no sample of users; they are an alert of their own',
  },
  {
    indicator: 'messages in the backlog',
    because: 'a million is fine for a busy topic and a disaster for a quiet one; age is what readers notice',
  },
  {
    indicator: 'CPU, memory and number of instances',
    because: 'causes, not what users see; they are on the dashboard',
  },
  {
    indicator: 'publish requests that succeed',
    because: 'refusing a malformed message is right; a burst of refusals is an alert of its own',
  },
];
