import { readFileSync } from 'node:fs'
import type { AgentOptions, Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import * as tls from 'node:tls'
import { HelmS3Error } from '../../errors.ts'
import { type ProxyVariables, proxyFor } from '../../settings/proxy.ts'
import { causeText } from '../../sys/system-error.ts'

/** The agents for connections. Where there are only options, the SDK creates the agent with the first request. */
export interface Agents {
  readonly httpAgent: HttpAgent | AgentOptions
  readonly httpsAgent: HttpsAgent | AgentOptions
}

/** The pool allows as many connections as a reindex may be told to use. They are opened when they are needed. */
const POOL = { keepAlive: true, maxSockets: 256 }

/**
 * The connection pools for S3 and for the providers of credentials. They use the proxies of the environment, and trust
 * the CAs of a PEM file in addition to the others. Without a proxy and a PEM file, no module is loaded.
 * @throws HelmS3Error `invalid-config` when the file cannot be read or holds no certificate
 */
export async function createAgents(proxies: ProxyVariables | undefined, caBundle: string | undefined): Promise<Agents> {
  const trust = caBundle === undefined ? {} : { ca: trustedCas(caBundle) }
  if (proxies === undefined)
    return { httpAgent: POOL, httpsAgent: caBundle === undefined ? POOL : new HttpsAgent({ ...POOL, ...trust }) }
  const { ProxyAgent } = await import('proxy-agent')
  const agent = new ProxyAgent({ ...POOL, ...trust, getProxyForUrl: (url) => proxyFor(url, proxies) })
  // This agent serves both protocols. It has everything that https.Agent has.
  return { httpAgent: agent, httpsAgent: agent as unknown as HttpsAgent }
}

/** All CAs to trust. An agent's own list replaces the default list, so the list must contain the default CAs. */
function trustedCas(path: string): string[] {
  let pem: string
  try {
    pem = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new HelmS3Error('invalid-config', `read the CA bundle ${path}: ${causeText(cause)}`, {
      cause,
      hint: 'see AWS_CA_BUNDLE and ca_bundle of the profile',
    })
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new HelmS3Error('invalid-config', `the CA bundle ${path} holds no certificate`, {
      hint: 'it has to be a PEM file: see AWS_CA_BUNDLE and ca_bundle of the profile',
    })
  }
  return [...defaultCas(), pem]
}

/**
 * The CAs that are trusted by default. Newer run times can list them: their own, those of the system, and those of
 * `NODE_EXTRA_CA_CERTS`.
 */
function defaultCas(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] }
  return getCACertificates?.('default') ?? tls.rootCertificates
}
