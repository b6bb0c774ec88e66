import { join } from 'node:path'
import { installOnce, pipInstall, startInstalled, storeFolder } from './parts.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const VERSION = '5.2.5'

export const moto: StoreUnderTest = {
  name: 'moto',
  title: 'moto',
  version: VERSION,
  isQuick: true,
  keepsObjects: false,
  install: () =>
    installOnce('moto', VERSION, (folder) => pipInstall(folder, 'python3', [`moto[server,s3]==${VERSION}`])),
  start: () =>
    startInstalled('moto', ({ port }) => ({
      program: join(storeFolder('moto'), 'venv/bin/moto_server'),
      args: ['-H', '127.0.0.1', '-p', String(port)],
    })),
  contract: {
    limits: { takesLateRequests: true, ignoresSourceOfParts: true },
    fails: [
      'composing an object creates no object when the object to replace is missing',
      'composing an object does not copy a range that ends after the source',
      'composing an object does not replace an object when the condition does not hold: another ETag',
      'composing an object lets exactly one of several concurrent replacements of an object succeed',
      'requests with a time limit refuses bytes that do not match their checksum',
      'writing refuses bytes that do not match their checksum',
    ],
    mayFail: [
      'requests with a time limit lets exactly one of several concurrent creations of an object succeed',
      'writing lets exactly one of several concurrent creations of an object succeed',
      'writing loses no update when concurrent clients increment a counter by compare-and-swap',
    ],
  },
  // Seldom: two of 16 creations won in 3 of 190 rounds.
  rare: ['create-race', 'swap-race', 'remove-race', 'bodies-read'],
}
