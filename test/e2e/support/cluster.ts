import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'
import { freePort } from './servers.ts'

/** A release in a cluster, and the chart that it runs. */
export interface RunningRelease {
  readonly name: string
  readonly namespace: string
  readonly chart: { readonly name: string; readonly version: string }
}

export interface Cluster {
  stop(): Promise<void>
}

/**
 * As much of the API of Kubernetes as `helm ls` asks for: its version, and the secrets in which Helm keeps releases
 * (helm/helm pkg/storage/driver: gzip and base64 within the base64 of a secret). Writes the kubeconfig that leads
 * there.
 */
export async function startCluster(kubeconfig: string, releases: readonly RunningRelease[]): Promise<Cluster> {
  const server = createServer(({ url = '' }, response) => {
    const answer = answerTo(new URL(url, 'http://cluster').pathname, releases)
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify(answer ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 }),
    )
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  writeKubeconfig(kubeconfig, port)
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Leads to a cluster at this port of this machine, whether something answers there or not. */
export function writeKubeconfig(path: string, port: number): void {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server: `http://127.0.0.1:${String(port)}` } }],
    users: [{ name: 'test', user: {} }],
  }
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
}

function answerTo(path: string, releases: readonly RunningRelease[]): object | undefined {
  if (path === '/version') return { major: '1', minor: '30', gitVersion: 'v1.30.0' }
  if (path === '/api/v1/secrets')
    return { kind: 'SecretList', apiVersion: 'v1', metadata: {}, items: releases.map(secretOf) }
  return undefined
}

function secretOf({ chart, name, namespace }: RunningRelease): object {
  const at = '2026-01-02T03:04:05Z'
  const release = {
    name,
    namespace,
    version: 1,
    info: { first_deployed: at, last_deployed: at, status: 'deployed' },
    chart: { metadata: { ...chart, apiVersion: 'v2' } },
  }
  const text = gzipSync(JSON.stringify(release)).toString('base64')
  return {
    metadata: {
      name: `sh.helm.release.v1.${name}.v1`,
      namespace,
      labels: { owner: 'helm', name, status: 'deployed', version: '1' },
    },
    type: 'helm.sh/release.v1',
    data: { release: Buffer.from(text).toString('base64') },
  }
}
