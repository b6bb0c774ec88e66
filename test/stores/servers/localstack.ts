import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { installOnce, pipInstall, startInstalled, storeFolder } from './parts.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const VERSION = '2026.3.0'

/** Newer ones of the others break its start. */
const PACKAGES = [
  `localstack-core[base-runtime]==${VERSION}`,
  'cbor2<6',
  'pyOpenSSL==25.3.0',
  'cryptography<47',
  'service_identity',
]

/** It needs Python 3.13 or newer: on the PATH, or one of pyenv. */
function python313(): string {
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions')
  const found = existsSync(versions) ? readdirSync(versions).find((name) => name.startsWith('3.13.')) : undefined
  return found === undefined ? 'python3.13' : join(versions, found, 'bin/python')
}

export const localstack: StoreUnderTest = {
  name: 'localstack',
  title: 'LocalStack core',
  version: VERSION,
  isQuick: false,
  keepsObjects: false,
  install: () => installOnce('localstack', VERSION, (folder) => pipInstall(folder, python313(), PACKAGES)),
  start: () =>
    startInstalled('localstack', ({ folder, port }) => ({
      program: join(storeFolder('localstack'), 'venv/bin/python'),
      args: ['-m', 'localstack.runtime.main'],
      env: {
        GATEWAY_LISTEN: `127.0.0.1:${String(port)}`,
        SERVICES: 's3',
        EAGER_SERVICE_LOADING: '1',
        DISABLE_EVENTS: '1',
        SKIP_SSL_CERT_DOWNLOAD: '1',
        DNS_ADDRESS: '0',
        FILESYSTEM_ROOT: folder,
      },
      keys: { accessKeyId: 'test', secretAccessKey: 'test' },
    })),
  contract: { limits: { takesLateRequests: true } },
  // Of eight completions at once several may win.
  rareFindings: ['store-composes-not'],
}
