import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { HelmS3Error } from '../errors.ts'
import type { Environment } from './environment.ts'

/** What the environment says about proxies. */
export interface ProxyVariables {
  readonly http: string | undefined
  readonly https: string | undefined
  readonly bypass: string
}

const SCHEMES = ['http:', 'https:', 'socks:', 'socks4:', 'socks4a:', 'socks5:', 'socks5h:']

/**
 * The proxies of the environment. Undefined: no proxy is set. Both spellings count, the upper case one first, as in Go
 * (golang.org/x/net/http/httpproxy).
 */
export function proxyVariables(env: Environment): ProxyVariables | undefined {
  const read = (name: string): string | undefined =>
    [env[name], env[name.toLowerCase()]].find((value) => value !== undefined && value !== '')
  const [http, https] = [read('HTTP_PROXY'), read('HTTPS_PROXY')]
  return http === undefined && https === undefined ? undefined : { http, https, bypass: read('NO_PROXY') ?? '' }
}

/**
 * The proxy for a URL, or '' for none, by the rules that the Go plugin follows. Requests to this machine never use a
 * proxy. `NO_PROXY` is `*`, or a list of hosts, IP addresses and networks such as `10.0.0.0/8`, each with or without a
 * port. A host includes its subdomains; with a leading dot it means the subdomains only.
 * @throws HelmS3Error `invalid-config` for a proxy that is not a URL
 */
export function proxyFor(url: string, { bypass, http, https }: ProxyVariables): string {
  const { hostname, port, protocol } = new URL(url)
  const proxy = protocol === 'https:' ? https : http
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (
    proxy === undefined ||
    isLoopback(host) ||
    isBypassed(host, port || (protocol === 'https:' ? '443' : '80'), bypass)
  )
    return ''
  const text = proxy.includes('://') ? proxy : `http://${proxy}`
  if (!URL.canParse(text) || !SCHEMES.includes(new URL(text).protocol)) {
    throw new HelmS3Error(
      'invalid-config',
      `${protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'} is not the URL of a proxy`,
      {
        hint: 'write it as http://HOST:PORT',
      },
    )
  }
  return text
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d+){3}$/.test(host)
}

function isBypassed(host: string, port: string, bypass: string): boolean {
  const items = bypass.toLowerCase().split(/[,\s]+/)
  return items.some((item) => {
    if (item === '') return false
    if (item === '*') return true
    if (item.includes('/')) return isInNetwork(host, item)
    const [, bracketed, plain, wantedPort] = isIPv6(item)
      ? [item, item]
      : (/^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(item) ?? [])
    const name = (bracketed ?? plain ?? item).replace(/^\*\./, '.')
    if (wantedPort !== undefined && wantedPort !== port) return false
    return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`)
  })
}

/** Whether an address lies in a network, which is written as `10.0.0.0/8`. */
function isInNetwork(address: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/')
  const family = isIPv4(base) ? 'ipv4' : isIPv6(base) ? 'ipv6' : undefined
  const isSame = family === 'ipv4' ? isIPv4(address) : isIPv6(address)
  if (family === undefined || !isSame || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 'ipv4' ? 32 : 128))
    return false
  const list = new BlockList()
  list.addSubnet(base, Number(bits), family)
  return list.check(address, family)
}
