// Stands in the bundle for pac-proxy-agent: scripts that choose a proxy are never set in HTTPS_PROXY
// (lib/settings/proxy.ts refuses them), and a JavaScript engine for them would make up a third of the file.
export class PacProxyAgent {
  constructor() {
    throw new Error('proxies are not chosen by scripts')
  }
}
