import { readFileSync } from 'node:fs'
import type { AgentOptions, Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import * as tls from 'node:tls'
import { HelmS3Error } from '../../errors.ts'
import { type ProxyVariables, proxyFor } from '../../settings/proxy.ts'
import { causeText } from '../../sys/system-error.ts'

/** Where there are only options, the SDK makes the agent, with the first request. */
export interface Agents {
  readonly httpAgent: HttpAgent | AgentOptions
  readonly httpsAgent: HttpsAgent | AgentOptions
}

/** As many connections as a reindex may be told to use; they are opened as they are needed. */
const POOL = { keepAlive: true, maxSockets: 256 }

/**
 * The pools of connections, for S3 and for whoever gives credentials: through the proxies of the environment, trusting
 * the CAs of a PEM file beside the others. Without either nothing is loaded.
 * @throws HelmS3Error `invalid-config` when the file cannot be read or holds no certificate
 */
export async function createAgents(proxies: ProxyVariables | undefined, caBundle: string | undefined): Promise<Agents> {
  const trust = caBundle === undefined ? {} : { ca: trustedCas(caBundle) }
  if (proxies === undefined)
    return { httpAgent: POOL, httpsAgent: caBundle === undefined ? POOL : new HttpsAgent({ ...POOL, ...trust }) }
  const { ProxyAgent } = await import('proxy-agent')
  const agent = new ProxyAgent({ ...POOL, ...trust, getProxyForUrl: (url) => proxyFor(url, proxies) })
  // It is an agent for both protocols: https.Agent has nothing that it lacks.
  return { httpAgent: agent, httpsAgent: agent as unknown as HttpsAgent }
}

/** An agent's own list replaces the default one, so that has to be in it. */
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

/** Newer run times know which CAs they trust: their own, those of the system, those of `NODE_EXTRA_CA_CERTS`. */
function defaultCas(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] }
  return getCACertificates?.('default') ?? tls.rootCertificates
}
