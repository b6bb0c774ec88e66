import { join } from 'node:path'
import { KEYS } from '../../e2e/support/servers.ts'
import { goInstall, installOnce, startInstalled, storeFolder } from './parts.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const VERSION = '1.76.0'

export const rclone: StoreUnderTest = {
  name: 'rclone',
  title: 'rclone serve s3',
  version: VERSION,
  isQuick: true,
  keepsObjects: true,
  install: () =>
    installOnce('rclone', VERSION, (folder) => goInstall(folder, 'github.com/rclone/rclone', `v${VERSION}`)),
  start: () =>
    startInstalled('rclone', ({ folder, port }) => ({
      program: join(storeFolder('rclone'), 'rclone'),
      args: [
        'serve',
        's3',
        '--addr',
        `127.0.0.1:${String(port)}`,
        '--auth-key',
        `${KEYS.accessKeyId},${KEYS.secretAccessKey}`,
        folder,
      ],
      // Nobody's own settings.
      env: { RCLONE_CONFIG: '' },
    })),
  contract: {
    fails: ['composing an object refuses to complete an upload with parts that are too small or were never sent'],
    // A GET may be cut off while the object is overwritten.
    mayFail: ['writing loses no update when concurrent clients increment a counter by compare-and-swap'],
  },
  rare: ['remove-race', 'bodies-read'],
}
