export default function teardown() {
  globalThis.planServer.close();
  globalThis.planServer.closeAllConnections();
}
