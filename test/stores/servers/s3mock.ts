import { join } from 'node:path'
import { freePort } from '../../e2e/support/servers.ts'
import { installOnce, need, startInstalled, step, storeFolder } from './parts.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const VERSION = '5.2.0'

export const s3mock: StoreUnderTest = {
  name: 's3mock',
  title: 'S3Mock',
  version: VERSION,
  isQuick: true,
  keepsObjects: true,
  startsSlowly: true,
  install: async () => {
    need('java', 'Java 17 or newer, such as apt-get install openjdk-17-jre-headless')
    await installOnce('s3mock', VERSION, async (folder) => {
      need('mvn', 'Maven, such as apt-get install maven')
      const artifact = `com.adobe.testing:s3mock:${VERSION}:jar:exec`
      await step(folder, 'mvn', ['-B', '-q', 'dependency:get', `-Dartifact=${artifact}`, '-Dtransitive=false'])
      const copied = [`-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`, '-Dmdep.stripVersion=true']
      await step(folder, 'mvn', ['-B', '-q', 'dependency:copy', ...copied])
    })
  },
  start: async () => {
    const tls = await freePort()
    return startInstalled('s3mock', ({ folder, port }) => ({
      program: 'java',
      args: [
        '-jar',
        join(storeFolder('s3mock'), 's3mock-exec.jar'),
        '--server.address=127.0.0.1',
        `--server.port=${String(tls)}`,
        `--com.adobe.testing.s3mock.http-port=${String(port)}`,
        `--com.adobe.testing.s3mock.store.root=${folder}`,
        '--com.adobe.testing.s3mock.store.retain-files-on-exit=true',
      ],
    }))
  },
  contract: {
    limits: { takesLateRequests: true },
    fails: [
      'composing an object does not copy a range that ends after the source',
      'composing an object does not replace an object when the condition does not hold: absence',
      'composing an object does not replace an object when the condition does not hold: another ETag',
    ],
    mayFail: [
      'composing an object lets exactly one of several concurrent replacements of an object succeed',
      'requests with a time limit lets exactly one of several concurrent creations of an object succeed',
      'writing lets exactly one of several concurrent creations of an object succeed',
      'writing loses no update when concurrent clients increment a counter by compare-and-swap',
    ],
  },
  life: {
    'restore brings back what a bucket with versioning has kept.':
      'a bucket with versioning goes on listing what was deleted',
  },
  rare: ['create-race', 'swap-race', 'remove-race', 'bodies-read'],
}
