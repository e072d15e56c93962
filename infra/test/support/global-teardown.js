export default function teardown() {
  globalThis.removePlanCache();
}
