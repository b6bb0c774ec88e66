import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { KEYS } from '../../e2e/support/servers.ts'
import { cargoInstall, installOnce, startInstalled, storeFolder } from './parts.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const VERSION = '0.14.1'

export const s3sFs: StoreUnderTest = {
  name: 's3s-fs',
  title: 's3s-fs',
  version: VERSION,
  ci: false,
  keepsObjects: true,
  install: () =>
    installOnce('s3s-fs', VERSION, (folder) =>
      cargoInstall(folder, ['s3s-fs', '--version', VERSION, '--features', 'binary']),
    ),
  start: () =>
    startInstalled('s3s-fs', async ({ folder, port }) => {
      const objects = join(folder, 'objects')
      await mkdir(objects)
      return {
        program: join(storeFolder('s3s-fs'), 'bin/s3s-fs'),
        args: [
          ...['--host', '127.0.0.1', '--port', String(port)],
          ...['--access-key', KEYS.accessKeyId, '--secret-key', KEYS.secretAccessKey],
          objects,
        ],
      }
    }),
}
