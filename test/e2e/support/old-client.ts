import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parse, stringify } from 'yaml'
import { readChartArchive } from '../../../lib/chart/chart-archive.ts'
import { makeEntry } from '../../../lib/core/log/chart-entry.ts'
import type { Entry } from '../../../lib/core/log/entry.ts'
import { type Key, asKey } from '../../../lib/core/keys.ts'
import { archiveMetadata } from '../../../lib/core/object-metadata.ts'
import { listAll } from '../../../lib/store/object-store.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { startFaultyProxy } from '../../support/faulty-proxy.ts'
import { run } from './run.ts'
import type { Workplace } from './workplace.ts'

/**
 * A client that knows no deltas: it reads `index.yaml`, changes it and writes it back, over whatever is there by then.
 * `meanwhile` happens between its reading and its writing.
 */
export interface OldClient {
  push(archive: string, meanwhile?: () => Promise<void>): Promise<void>
  delete(name: string, version: string, meanwhile?: () => Promise<void>): Promise<void>
  /** Makes a new index from the archives: without annotations, with a new `created` everywhere. */
  reindex(meanwhile?: () => Promise<void>): Promise<void>
}

/**
 * The clients to test with: one that writes as hypnoglow/helm-s3 does and, if `HELM_S3_GO_PLUGIN` is its path, that
 * program.
 */
export function oldClients(): readonly (readonly [string, (workplace: Workplace) => OldClient])[] {
  const program = process.env.HELM_S3_GO_PLUGIN
  const standIn = ['a stand-in for the Go plugin', (workplace: Workplace) => new StandIn(workplace)] as const
  return program === undefined
    ? [standIn]
    : [standIn, ['the Go plugin', (workplace) => new GoPlugin(program, workplace)]]
}

interface OldIndex {
  entries: Record<string, Entry[]>
  generated?: string
  [field: string]: unknown
}

const INDEX = asKey('charts/index.yaml')

/**
 * The writes of hypnoglow/helm-s3: block YAML with sorted keys, no content type, no condition; annotations survive,
 * except in a reindex.
 */
class StandIn implements OldClient {
  readonly #workplace: Workplace

  constructor(workplace: Workplace) {
    this.#workplace = workplace
  }

  async push(archive: string, meanwhile?: () => Promise<void>): Promise<void> {
    const bytes = readFileSync(archive)
    const { metadata } = await readChartArchive(bytes)
    const digest = sha256(bytes)
    const file = basename(archive)
    const stored = {
      when: 'always',
      contentType: 'application/gzip',
      metadata: archiveMetadata({ metadata, digest, delta: undefined }),
    } as const
    await this.#workplace.store.put(asKey(`charts/${file}`), bytes, stored)
    const index = await this.#read()
    const entry = makeEntry(metadata, {
      digest,
      url: `${this.#workplace.url}/${file}`,
      created: new Date().toISOString(),
    })
    index.entries[entry.name] = [
      entry,
      ...(index.entries[entry.name] ?? []).filter(({ version }) => version !== entry.version),
    ]
    await meanwhile?.()
    await this.#write(index)
  }

  async delete(name: string, version: string, meanwhile?: () => Promise<void>): Promise<void> {
    const index = await this.#read()
    index.entries[name] = (index.entries[name] ?? []).filter((entry) => entry.version !== version)
    await meanwhile?.()
    await this.#write(index)
    for (const key of [`charts/${name}-${version}.tgz`, `charts/${name}-${version}.tgz.prov`])
      await this.#workplace.store.delete(asKey(key))
  }

  async reindex(meanwhile?: () => Promise<void>): Promise<void> {
    const { objects } = await listAll(this.#workplace.store, 'charts/')
    const entries: Record<string, Entry[]> = {}
    for (const { key } of objects) if (/^charts\/[^/]+\.tgz$/.test(key)) await this.#add(entries, key)
    await meanwhile?.()
    await this.#write({ apiVersion: 'v1', entries })
  }

  async #add(entries: Record<string, Entry[]>, key: Key): Promise<void> {
    const object = await this.#workplace.store.get(key)
    if (object === undefined) return
    const { metadata } = await readChartArchive(object.body)
    const url = `${this.#workplace.url}/${basename(key)}`
    const entry = makeEntry(metadata, { digest: sha256(object.body), url, created: new Date().toISOString() })
    entries[entry.name] = [...(entries[entry.name] ?? []), entry]
  }

  async #read(): Promise<OldIndex> {
    const object = await this.#workplace.store.get(INDEX)
    assert.ok(object, 'there is an index')
    return parse(Buffer.from(object.body).toString()) as OldIndex
  }

  async #write(index: OldIndex): Promise<void> {
    const text = stringify(
      { ...index, generated: new Date().toISOString() },
      { version: '1.1', sortMapEntries: true, lineWidth: 0 },
    )
    await this.#workplace.store.put(INDEX, Buffer.from(text), { when: 'always' })
  }
}

/** The program itself, behind a proxy that holds back its write of the index. */
class GoPlugin implements OldClient {
  readonly #program: string
  readonly #workplace: Workplace

  constructor(program: string, workplace: Workplace) {
    this.#program = program
    this.#workplace = workplace
    mkdirSync(workplace.path('old'), { recursive: true })
    writeFileSync(
      workplace.path('old', 'repositories.yaml'),
      `apiVersion: ""\nrepositories:\n- name: shared\n  url: ${workplace.url}\n`,
    )
  }

  push(archive: string, meanwhile?: () => Promise<void>): Promise<void> {
    return this.#run(['push', archive, 'shared'], meanwhile)
  }

  delete(name: string, version: string, meanwhile?: () => Promise<void>): Promise<void> {
    return this.#run(['delete', name, '--version', version, 'shared'], meanwhile)
  }

  reindex(meanwhile?: () => Promise<void>): Promise<void> {
    return this.#run(['reindex', 'shared'], meanwhile)
  }

  async #run(args: readonly string[], meanwhile: () => Promise<void> = async () => undefined): Promise<void> {
    const { env } = this.#workplace
    const proxy = await startFaultyProxy(`http://${String(env.AWS_ENDPOINT)}`)
    try {
      proxy.fail((line) => /^PUT .*\/index\.yaml/.test(line), { kind: 'hold', until: meanwhile })
      const own = {
        AWS_ENDPOINT: proxy.endpoint.replace('http://', ''),
        HELM_S3_DYNAMIC_REGION_ENABLED: 'false',
        HELM_S3_MODE: '3',
        HELM_REPOSITORY_CONFIG: this.#workplace.path('old', 'repositories.yaml'),
        HELM_REPOSITORY_CACHE: this.#workplace.path('old'),
      }
      const { status, stderr } = await run(this.#program, args, { ...env, ...own })
      assert.deepEqual([status, stderr], [0, ''], args.join(' '))
    } finally {
      await proxy.close()
    }
  }
}
