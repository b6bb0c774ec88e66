import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KEYS } from '../../e2e/support/servers.ts'
import { installOnce, need, startInstalled, step, storeFolder } from './parts.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const VERSION = '4.1.0'

/** Without the annotations it ends with ClassNotFoundException: JsonSerializeAs. */
const DEPENDENCIES = [
  ['org.gaul', 's3proxy', VERSION],
  ['com.fasterxml.jackson.core', 'jackson-annotations', '2.22'],
]

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>stores</groupId><artifactId>s3proxy</artifactId><version>1</version>
  <dependencies>${DEPENDENCIES.map(
    ([group = '', artifact = '', version = '']) => `
    <dependency>
      <groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>
    </dependency>`,
  ).join('')}
  </dependencies>
</project>
`

export const s3proxy: StoreUnderTest = {
  name: 's3proxy',
  title: 's3proxy, filesystem-nio2',
  version: VERSION,
  isQuick: false,
  keepsObjects: true,
  install: async () => {
    need('java', 'Java 17 or newer, such as apt-get install openjdk-17-jre-headless')
    await installOnce('s3proxy', VERSION, async (folder) => {
      need('mvn', 'Maven, such as apt-get install maven')
      await writeFile(join(folder, 'pom.xml'), POM)
      await step(folder, 'mvn', ['-B', '-q', 'dependency:copy-dependencies', '-DoutputDirectory=lib'])
    })
  },
  start: () =>
    startInstalled('s3proxy', async ({ folder, port }) => {
      const objects = join(folder, 'objects')
      await mkdir(objects)
      const settings = {
        's3proxy.endpoint': `http://127.0.0.1:${String(port)}`,
        's3proxy.authorization': 'aws-v2-or-v4',
        's3proxy.identity': KEYS.accessKeyId,
        's3proxy.credential': KEYS.secretAccessKey,
        'jclouds.provider': 'filesystem-nio2',
        'jclouds.filesystem.basedir': objects,
      }
      const file = join(folder, 's3proxy.conf')
      const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
      await writeFile(file, lines.join(''))
      const classes = join(storeFolder('s3proxy'), 'lib/*')
      return { program: 'java', args: ['-cp', classes, 'org.gaul.s3proxy.Main', '--properties', file] }
    }),
  contract: {
    fails: [
      'composing an object does not list, continue or complete an aborted upload',
      'reading lists and reads the versions of an object as far as the store supports versions',
    ],
    mayFail: [
      'composing an object lets exactly one of several concurrent replacements of an object succeed',
      'writing loses no update when concurrent clients increment a counter by compare-and-swap',
    ],
  },
}
